"""``--pilot N``: caption a sample of pairs, to estimate the cost of captioning all of them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
from rich.filesize import decimal

from ...schemas.errors import UsageError
from ...schemas.fault import Fault
from ...schemas.phase import Phase
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files
from ...transforms.captioners.answer_images import WINDOW
from ...transforms.enrich.caption_images import Asked, unasked
from ...transforms.enrich.choose_pilot import ChoosePilot, share_out
from ...transforms.enrich.choose_sparse import ChooseSparse
from ...transforms.enrich.gather_captions import check_answer
from ...transforms.enrich.keep_answers import AnswerStore
from ...transforms.enrich.measure_captioner import CaptioningCost, MeasureCaptioner
from ...transforms.spread import Spread
from ...transforms.units import load_unit
from ..options.captioning_options import MAX_FAULT_SHARE, EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.record import CaptionCounts, PilotRecord
from ..runs.run import Run
from ..runs.work import Work
from .caption_faults import fault_lines, require_few_faults, words_about_failures
from .captioning import Chosen
from .to_caption import ToCaption, find_to_caption, pairs_to_caption

_TOOK = "pilot.json"


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The numbers of pairs to caption, and of those without an answer, by source."""

    pairs: dict[str, int]
    unanswered: dict[str, int]


def require_pilot(count: int | None, options: EnrichOptions, part: Part = WHOLE) -> None:
    """Raise UsageError for a pilot without pairs or a captioner, or of one part."""
    if count is not None and count < 1:
        raise UsageError(f"--pilot must be at least 1, not {count}")
    if count is not None and not options.captioner:
        raise UsageError("--pilot needs --captioner MODEL: it measures how fast that is")
    if count is not None and not part.is_whole:
        raise UsageError("--pilot measures one captioner: leave out --part")


def pilot(
    run: Run,
    options: EnrichOptions,
    captioner: Chosen | None,
    count: int,
    max_fault_share: float = MAX_FAULT_SHARE,
) -> Iterator[str]:
    """Caption ``count`` of the pairs that ``enrich`` would caption; yield the cost of all.

    The pairs are chosen by hash. The answers are kept, and nothing else of the run is changed.
    Pairs that have an answer are skipped: if all have, the figures of the earlier pilot are shown.
    Raises EvenpairError if there are too many faults.
    """
    if captioner is None:
        raise UsageError("--pilot needs --captioner MODEL: it measures how fast that is")
    run.require(Phase.SCORE)
    sources = run.sources()
    to_caption = find_to_caption(run.directory, sources, options)
    sizes = _sizes(run, sources, to_caption, captioner)
    shares = share_out(sizes.pairs, count, at_once=max(WINDOW, options.batch_size))
    of_pilot = [source for source in sources if source.name in shares]
    asked = Asked(captioner.load, captioner.captioner_id, max_fault_share)
    cost = _measure(run, of_pilot, to_caption, asked, captioner, shares)
    after = sizes.unanswered | _sizes(run, of_pilot, to_caption, captioner).unanswered
    left = sum(after.values())
    failed = left - (sum(sizes.unanswered.values()) - cost.images)
    cost = _with_earlier(run, captioner, cost)
    yield from _cost_lines(cost, sum(sizes.pairs.values()), left, captioner)
    counts, words = _check_answers(run, of_pilot, captioner, failed)
    if words:
        yield f"captions of {sum(words) / len(words):.1f} words on average"
    if counts.faults:
        yield from fault_lines(counts)
    said = words_about_failures(run.directory, of_pilot)
    require_few_faults(counts, captioner.captioner_id, max_fault_share, said)


def _sizes(run: Run, sources: list[Source], to_caption: ToCaption, captioner: Chosen) -> _Sizes:
    sizes = _Sizes({}, {})
    for source in sources:
        unit = pairs_to_caption(run.directory, source, to_caption, ["key"])
        sizes.pairs[source.name] = unit.table.num_rows
        store = AnswerStore(run.directory, source.name)
        sizes.unanswered[source.name] = len(unasked(unit, store, captioner.captioner_id))
    return sizes


def _measure(
    run: Run,
    sources: Sequence[Source],
    to_caption: ToCaption,
    asked: Asked,
    captioner: Chosen,
    shares: dict[str, int],
) -> CaptioningCost:
    run_dir, lanes = run.directory, 1 if captioner.is_service else run.models
    hints = {} if captioner.is_service else run.hints
    path = run_dir.scratch(_TOOK)

    measure = MeasureCaptioner(run_dir, asked, path)

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
    cost = CaptioningCost(**json.loads(files.read_bytes(path)))
    files.remove(path)
    return cost


def _with_earlier(run: Run, captioner: Chosen, cost: CaptioningCost) -> CaptioningCost:
    """Return the measurement, or that of an earlier pilot if nothing was captioned now."""
    earlier = run.record.pilot
    if cost.images:
        run.save(pilot=PilotRecord(captioner.captioner_id, cost))
    elif earlier is not None and earlier.captioner == captioner.captioner_id:
        return earlier.took
    return cost


def _cost_lines(cost: CaptioningCost, pairs: int, left: int, captioner: Chosen) -> Iterator[str]:
    if not cost.images:
        yield f"{pairs} images in all, {left} left; those of the pilot were all captioned earlier"
        return
    rate, size = cost.images / cost.seconds, cost.bytes / cost.images
    by = f"{captioner.captioner_id.model} on {cost.device}"
    yield f"pilot  {cost.images} images captioned, {rate:.2f} a second, by {by}"
    for name, count in (("all", pairs), ("left", left)):
        time = _time(count / rate, cost.device)
        yield f"{name:5}  {count} images: {time}, {decimal(int(size * count))} to read"


def _time(seconds: float, device: str) -> str:
    resource = _RESOURCES.get(device.partition(":")[0], device)
    unit, length = next((u, n) for u, n in _UNITS if seconds >= n or n == 1)
    return f"{seconds / length:,.1f} {resource} {unit}"


_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


_RESOURCES = {"cuda": "GPU", "cpu": "machine"}
"""The resource whose hours captioning takes, by the kind of device."""


def _check_answers(
    run: Run, sources: Sequence[Source], captioner: Chosen, failed: int
) -> tuple[CaptionCounts, list[int]]:
    """Return the captions and faults among the answers in ``sources``, and the captions' words.

    ``failed`` are the images without an answer, on which the model failed.
    """
    faults: Counter[str] = Counter({Fault.MODEL_FAILED.value: failed} if failed else {})
    words = []
    for source in sources:
        answers = AnswerStore(run.directory, source.name).load(captioner.captioner_id)
        columns = (answers[name].to_pylist() for name in ("answer", "is_cut", "fault"))
        for row in zip(*columns, strict=True):
            caption, fault = check_answer(*row, prompt=captioner.captioner_id.prompt)
            if fault is None:
                words.append(len((caption or "").split()))
            else:
                faults[fault] += 1
    return CaptionCounts(len(words), dict(sorted(faults.items()))), words
