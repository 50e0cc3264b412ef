"""``--pilot N``: caption a sample of pairs, to estimate the cost of captioning all of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
from ..options.phase_options import EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.record import PilotRecord
from ..runs.run import Run
from ..runs.work import Work
from .captioning import Chosen
from .to_caption import ToCaption, find_to_caption, pairs_to_caption

_TOOK = "pilot.json"


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The numbers of pairs to caption, by source, and of all that have no answer yet."""

    pairs: dict[str, int]
    unanswered: int


def require_pilot(count: int | None, options: EnrichOptions, part: Part = WHOLE) -> None:
    """Raise UsageError for a pilot without pairs or a captioner, or of one part."""
    if count is not None and count < 1:
        raise UsageError(f"--pilot must be at least 1, not {count}")
    if count is not None and not options.captioner:
        raise UsageError("--pilot needs --captioner MODEL: it measures how fast that is")
    if count is not None and not part.is_whole:
        raise UsageError("--pilot measures one captioner: leave out --part")


def pilot(run: Run, options: EnrichOptions, captioner: Chosen | None, count: int) -> Iterator[str]:
    """Caption ``count`` of the pairs that ``enrich`` would caption; yield the cost of all.

    The pairs are chosen by hash. The answers are kept, and nothing else of the run is changed.
    Pairs that have an answer are skipped: if all have, the figures of the earlier pilot are shown.
    """
    if captioner is None:
        raise UsageError("--pilot needs --captioner MODEL: it measures how fast that is")
    run.require(Phase.SCORE)
    sources = run.sources()
    to_caption = find_to_caption(run.directory, sources, options)
    sizes = _sizes(run, sources, to_caption, captioner)
    shares = share_out(sizes.pairs, count, max(WINDOW, options.batch_size))
    of_pilot = [source for source in sources if source.name in shares]
    took = _measure(run, of_pilot, to_caption, captioner, shares)
    left = sizes.unanswered - took.images
    took = _with_earlier(run, captioner, took)
    yield from _cost_lines(took, sum(sizes.pairs.values()), left, captioner)
    yield from _answer_lines(run, of_pilot, captioner)


def _sizes(run: Run, sources: list[Source], to_caption: ToCaption, captioner: Chosen) -> _Sizes:
    pairs, unanswered = {}, 0
    for source in sources:
        unit = pairs_to_caption(run.directory, source, to_caption, ["key"])
        pairs[source.name] = unit.table.num_rows
        unanswered += len(unasked(unit, AnswerStore(run.directory, source.name), captioner.asked))
    return _Sizes(pairs, unanswered)


def _measure(
    run: Run,
    sources: Sequence[Source],
    to_caption: ToCaption,
    captioner: Chosen,
    shares: dict[str, int],
) -> Took:
    run_dir, lanes = run.directory, 1 if captioner.is_service else run.models
    hints = {} if captioner.is_service else run.hints
    path = run_dir.scratch(_TOOK)

    measure = MeasureCaptioner(run_dir, captioner.load, captioner.asked, path)

    def build(root: beam.Pipeline) -> None:
        _ = (
            root
            | "Sources" >> Spread(sources, lanes)
            | "Load scores" >> beam.Map(load_unit, run_dir, RunTable.SCORES)
            | "Choose sparse" >> ChooseSparse(to_caption.last, to_caption.budget)
            | "Choose pilot" >> ChoosePilot(shares)
            | "Measure" >> measure.with_resource_hints(**hints)
        )

    run.execute(build, Work(Phase.ENRICH, len(sources), run_dir, hints=hints, sources=sources))
    took = Took(**json.loads(files.read_bytes(path)))
    files.remove(path)
    return took


def _with_earlier(run: Run, captioner: Chosen, took: Took) -> Took:
    """Return the measurement, or that of an earlier pilot if nothing was captioned now."""
    earlier = run.record.pilot
    if took.images:
        run.save(pilot=PilotRecord(captioner.asked, took))
    elif earlier is not None and earlier.captioner == captioner.asked:
        return earlier.took
    return took


def _cost_lines(took: Took, pairs: int, left: int, captioner: Chosen) -> Iterator[str]:
    if not took.images:
        yield f"{pairs} images in all, {left} left; those of the pilot were all captioned earlier"
        return
    rate, size = took.images / took.seconds, took.bytes / took.images
    by = f"{captioner.asked.model} on {took.device}"
    yield f"pilot  {took.images} images captioned, {rate:.2f} a second, by {by}"
    for name, count in (("all", pairs), ("left", left)):
        time = _time(count / rate, took.device)
        yield f"{name:5}  {count} images: {time}, {decimal(int(size * count))} to read"


def _time(seconds: float, device: str) -> str:
    resource = _RESOURCES.get(device.partition(":")[0], device)
    unit, length = next((u, n) for u, n in _UNITS if seconds >= n or n == 1)
    return f"{seconds / length:,.1f} {resource} {unit}"


_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


_RESOURCES = {"cuda": "GPU", "cpu": "machine"}
"""The resource whose hours captioning takes, by the kind of device."""


def _answer_lines(run: Run, sources: Sequence[Source], captioner: Chosen) -> Iterator[str]:
    """Yield the mean length of the captions generated in ``sources``, and how many are unusable."""
    tables = (AnswerStore(run.directory, s.name).load(captioner.asked) for s in sources)
    columns = ((t["answer"].to_pylist(), t["is_cut"].to_pylist()) for t in tables)
    answers = [row for both in columns for row in zip(*both, strict=True)]
    prompt = captioner.asked.prompt
    checked = [check_caption(answer or "", prompt=prompt, is_cut=cut) for answer, cut in answers]
    words = [len(text.split()) for text, fault in checked if fault is None]
    if words:
        yield f"captions of {sum(words) / len(words):.1f} words on average"
    if useless := len(checked) - len(words):
        yield f"{useless} of {len(checked)} answers cannot be used (undecodable images, faults)"
