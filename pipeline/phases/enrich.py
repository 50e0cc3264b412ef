"""The second phase: the images of sparse pairs -> captions and their facts."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from ...schemas.errors import EvenpairError, UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.captioners.captioner import CaptionerId
from ...transforms.enrich.caption_budget import Budget
from ...transforms.enrich.caption_images import Asked, CaptionImages
from ...transforms.enrich.choose_sparse import ChooseSparse
from ...transforms.enrich.find_generated_facts import FindGeneratedFacts
from ...transforms.enrich.gather_captions import GatherCaptions
from ...transforms.enrich.reference_sample import COLUMNS, NONE, SampleReferences
from ...transforms.spread import Respread, Spread
from ...transforms.units import KeepUnits, LoadUnits, load_unit
from ..options.captioning_options import MAX_FAULT_SHARE, EnrichOptions
from ..options.fields import flag
from ..runs.part import WHOLE, Part
from ..runs.record import plain_options
from ..runs.resume import enrich_stamp, without_stamp
from ..runs.run import Run
from ..runs.work import Hints, Work
from .caption_faults import (
    count_captions,
    fault_lines,
    forget_failures,
    require_few_faults,
    words_about_failures,
)
from .captioning import Chosen
from .embed import embed
from .join import join_captions, joined_lines
from .prepare import Prepared
from .to_caption import find_budget_of


def enrich(run: Run, options: EnrichOptions, prepared: Prepared, part: Part = WHOLE) -> int:
    """Caption the sparse pairs or join captions, as ``options`` say, then embed the pairs.

    Returns how many shards are left to other parts.
    """
    left = 0
    if options.captions:
        join_captions(run, options, prepared.caption_files)
    elif prepared.captioner is not None:
        left = caption(run, options, prepared.captioner, part, prepared.max_fault_share)
    elif not run.is_current(Phase.ENRICH, options):
        run.skip(Phase.ENRICH, options)
    return max(left, embed(run, options, prepared.encodings, part))


def caption(
    run: Run,
    options: EnrichOptions,
    captioner: Chosen,
    part: Part = WHOLE,
    max_fault_share: float = MAX_FAULT_SHARE,
) -> int:
    """Caption the sparse pairs of ``run``; answers that the same model has given are kept.

    A service has one limit of requests for the whole run, and needs no machines of its own.
    Returns how many shards are left to other parts; the part that leaves none finishes the phase.
    Raises EvenpairError if there are too many faults.
    """
    run.require(Phase.SCORE)
    captioner_id = captioner.captioner_id
    if run.is_current(Phase.ENRICH, options) and run.record.captioner == captioner_id:
        return 0
    _refuse_other_part(run, options)
    run.begin(Phase.ENRICH, options)
    run.save(captioner=captioner_id)
    sources, run_dir = run.sources(), run.directory
    stamp = enrich_stamp(run, options, asdict(captioner_id))
    pending = without_stamp(run_dir, part.of(sources), stamp)
    hints = {} if captioner.is_service else run.hints
    finished = [source for source in part.of(sources) if source not in pending]
    captioning = Captioning(
        asked=Asked(
            captioner.load,
            captioner_id,
            max_fault_share,
            answered=count_captions(run_dir, finished).captions,
        ),
        lanes=1 if captioner.is_service else run.models or max(1, len(pending)),
        sample=options.reference_sample,
        budget=find_budget_of(run_dir, sources, options),
        parser=run.record.options(Phase.SCORE)["parser"] or None,
        hints=hints,
    )
    work = Work(
        Phase.ENRICH,
        len(pending),
        run_dir,
        is_part=not part.is_whole,
        hints=hints,
        sources=pending,
    )
    run.execute(
        lambda root: build_enrich(
            root, run_dir, captioning, pending=pending, sources=sources, stamp=stamp
        ),
        work,
    )
    left = 0 if part.is_whole else len(without_stamp(run_dir, sources, stamp))
    if not left:
        if not run.dry:
            _check_captions(run, sources, captioner_id, max_fault_share)
        run.finish(Phase.ENRICH)
    return left


def _check_captions(
    run: Run, sources: Sequence[Source], captioner_id: CaptionerId, max_fault_share: float
) -> None:
    """Record the captions and faults. Raises EvenpairError if there are too many faults."""
    counts = count_captions(run.directory, sources)
    run.save(captioned=counts)
    words = words_about_failures(run.directory, sources)
    try:
        require_few_faults(counts, captioner_id, max_fault_share, words)
    except EvenpairError:
        forget_failures(run.directory, sources)
        raise


def _refuse_other_part(run: Run, options: EnrichOptions) -> None:
    changed = run.record.changed_option(Phase.ENRICH, plain_options(options))
    if changed is not None and not run.alone:
        raise UsageError(
            f"another part is at work in {run.directory.root} with another {flag(changed[0])}: "
            "give all parts the same options"
        )


def enrich_lines(
    run: Run, options: EnrichOptions, prepared: Prepared, part: Part = WHOLE
) -> Iterator[str]:
    """Enrich, and yield the lines that sum it up."""
    left = enrich(run, options, prepared, part)
    yield from joined_lines(run.record.joined)
    yield from fault_lines(run.record.captioned)
    yield f"captions: {run.directory.folder(RunTable.CAPTIONS)}"
    if left:
        yield f"part {part} is done; {left} shards are left to other parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioning:
    """The captioner of a run, and the pairs that it captions."""

    asked: Asked
    lanes: int
    """How many models caption at the same time."""
    sample: int = 0
    """How many pairs are captioned although they may not be sparse."""
    budget: Budget | None = None
    """The sparse pairs that may be captioned, None for all of them."""
    parser: str | None = None
    """The spaCy pipeline that parses the captions, None for the shipped one."""
    hints: Hints = field(default_factory=dict)
    """Beam's resource hints for the step that captions, and for no other."""


def build_enrich(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    captioning: Captioning,
    *,
    pending: Sequence[Source],
    sources: Sequence[Source],
    stamp: str,
) -> None:
    """Wire the phase: models caption ``pending``, lane by lane, then all workers parse captions.

    Answers are kept as they come, the captions of a shard as soon as it is done. The random sample
    of references is drawn from all ``sources``, whichever of them are pending.
    """
    captioner_id, budget = captioning.asked.captioner_id, captioning.budget
    last = _find_last(root, sources, run_dir, captioning.sample)
    caption_images = CaptionImages(run_dir, captioning.asked).with_resource_hints(
        **captioning.hints
    )
    captioned = (
        root
        | "Sources" >> Spread(pending, captioning.lanes)
        | "Load scores" >> beam.Map(load_unit, run_dir, RunTable.SCORES)
        | "Choose sparse" >> ChooseSparse(last, budget)
        | "Caption images" >> caption_images
    )
    _ = (
        captioned
        | "Spread again" >> Respread()
        | "Load scores again" >> beam.Map(load_unit, run_dir, RunTable.SCORES)
        | "Choose again" >> ChooseSparse(last, budget)
        | "Gather captions" >> GatherCaptions(run_dir, captioner_id)
        | "Find facts" >> FindGeneratedFacts(captioning.parser, run_dir.statistics)
        | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS, stamp)
    )


def _find_last(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, count: int
) -> AsSingleton | int:
    """Return the largest hash in the random sample of references, drawn from all sources."""
    if not count:
        return NONE
    uids = root | "Load uids" >> LoadUnits(sources, run_dir, RunTable.SCORES, COLUMNS)
    return AsSingleton(uids | "Sample references" >> SampleReferences(count))
