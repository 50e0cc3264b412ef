"""``--pilot N``: some pairs are captioned to tell what all would take, before it is paid for."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import apache_beam as beam
from rich.filesize import decimal

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files
from ...transforms.captioners.answer_images import WINDOW
from ...transforms.enrich.caption_images import unasked
from ...transforms.enrich.check_caption import check_caption
from ...transforms.enrich.choose_pilot import ChoosePilot, share_out
from ...transforms.enrich.choose_sparse import ChooseSparse
from ...transforms.enrich.keep_answers import AnswerStore
from ...transforms.enrich.measure_captioner import MeasureCaptioner, Took
from ...transforms.spread import Spread
from ...transforms.units import load_unit
from ..options.options import EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.record import keep_record
from ..runs.run import Run
from ..runs.work import Work
from .captioning import Chosen
from .to_caption import ToCaption, find_to_caption, pairs_to_caption

_TOOK = "pilot.json"
_KEPT = "pilot"
"""What the record calls what a pilot took, for one that finds nothing more to ask."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The pairs to be captioned, by the name of their source, and how many have no answer yet."""

    pairs: dict[str, int]
    unanswered: int


def require_pilot(count: int | None, options: EnrichOptions, part: Part = WHOLE) -> None:
    """Raise UsageError for a pilot without pairs, or without a captioner."""
    if count is not None and count < 1:
        raise UsageError(f"--pilot must be at least 1, not {count}")
    if count is not None and not options.captioner:
        raise UsageError("--pilot needs --captioner MODEL: it measures how fast that is")
    if count is not None and not part.is_whole:
        raise UsageError("--pilot measures one captioner: leave out --part")


def pilot(run: Run, options: EnrichOptions, chosen: Chosen, count: int) -> Iterator[str]:
    """Caption ``count`` pairs of those that ``enrich`` would, chosen by hash; tell what all take.

    The answers are kept, and nothing else of the run is touched. Who was asked before is not asked
    again: if all were, what it took then is told.
    """
    run.require(Phase.SCORE)
    sources = run.sources()
    to_caption = find_to_caption(run.directory, sources, options)
    sizes = _sizes(run, sources, to_caption, chosen)
    shares = share_out(sizes.pairs, count, max(WINDOW, options.batch_size))
    of_pilot = [source for source in sources if source.name in shares]
    took = _measure(run, of_pilot, to_caption, chosen, shares)
    left = sizes.unanswered - took.images
    yield from _lines(_known(run, chosen, took), sum(sizes.pairs.values()), left, chosen)
    yield from _said(run, of_pilot, chosen)


def _sizes(run: Run, sources: list[Source], to_caption: ToCaption, chosen: Chosen) -> _Sizes:
    pairs, unanswered = {}, 0
    for source in sources:
        unit = pairs_to_caption(run.directory, source, to_caption, ["key"])
        pairs[source.name] = unit.table.num_rows
        unanswered += len(unasked(unit, AnswerStore(run.directory, source.name), chosen.asked))
    return _Sizes(pairs, unanswered)


def _measure(
    run: Run,
    sources: Sequence[Source],
    to_caption: ToCaption,
    chosen: Chosen,
    shares: dict[str, int],
) -> Took:
    directory, lanes = run.directory, 1 if chosen.is_service else run.models
    hints = {} if chosen.is_service else run.hints
    path = directory.scratch(_TOOK)

    def build(root: beam.Pipeline) -> None:
        _ = (
            root
            | "Sources" >> Spread(sources, lanes)
            | "Load scores" >> beam.Map(load_unit, directory, RunTable.SCORES)
            | "Choose sparse" >> ChooseSparse(to_caption.last, to_caption.budget)
            | "Choose pilot" >> ChoosePilot(shares)
            | "Measure"
            >> MeasureCaptioner(directory, chosen.load, chosen.asked, path).with_resource_hints(
                **hints
            )
        )

    run.execute(build, Work(Phase.ENRICH, len(sources), directory, hints=hints, sources=sources))
    took = Took(**json.loads(files.read_bytes(path)))
    files.remove(path)
    return took


def _known(run: Run, chosen: Chosen, took: Took) -> Took:
    """Return what was measured now, or else before; and remember it."""
    asked = asdict(chosen.asked)
    kept = run.record.get(_KEPT, {})
    if not took.images:
        return Took(**kept["took"]) if kept.get("asked") == asked else took
    run.record[_KEPT] = {"asked": asked, "took": asdict(took)}
    keep_record(run.directory, run.record)
    return took


def _lines(took: Took, pairs: int, left: int, chosen: Chosen) -> Iterator[str]:
    if not took.images:
        yield f"{pairs} images in all, {left} left; those of the pilot were all captioned before"
        return
    rate, size = took.images / took.seconds, took.bytes / took.images
    by = f"{chosen.asked.model} on {took.device}"
    yield f"pilot  {took.images} images captioned, {rate:.2f} a second, by {by}"
    for name, count in (("all", pairs), ("left", left)):
        time = _time(count / rate, took.device)
        yield f"{name:5}  {count} images: {time}, {decimal(int(size * count))} to read"


def _time(seconds: float, device: str) -> str:
    of = _OF.get(device.partition(":")[0], device)
    unit, length = next((u, n) for u, n in _UNITS if seconds >= n or n == 1)
    return f"{seconds / length:,.1f} {of} {unit}"


_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


_OF = {"cuda": "GPU", "cpu": "machine"}
"""Whose time it is that captioning takes."""


def _said(run: Run, sources: Sequence[Source], chosen: Chosen) -> Iterator[str]:
    """Yield how long the captions are that were generated in ``sources``, and how many are used."""
    tables = (AnswerStore(run.directory, s.name).load(chosen.asked) for s in sources)
    columns = ((t["answer"].to_pylist(), t["is_cut"].to_pylist()) for t in tables)
    answers = [row for both in columns for row in zip(*both, strict=True)]
    prompt = chosen.asked.prompt
    checked = [check_caption(answer or "", prompt=prompt, is_cut=cut) for answer, cut in answers]
    words = [len(text.split()) for text, fault in checked if fault is None]
    if words:
        yield f"captions of {sum(words) / len(words):.1f} words on average"
    if useless := len(checked) - len(words):
        yield f"{useless} of {len(checked)} answers are of no use, such as images that are none"
