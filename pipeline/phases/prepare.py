"""Before any work: whether a run can do what the options ask, and the models that they name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from ...models.load_parser import load_parser
from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.source import Source
from ...transforms.information.keep_statistics import load_table
from ...transforms.join.read_caption_file import CaptionFile
from ...transforms.read.read_captions import require_caption_field
from ..inputs.caption_files import find_caption_files
from ..options.captioning_options import MAX_FAULT_SHARE, EnrichOptions, ServiceOptions
from ..options.phase_options import JobOptions, ScoreOptions, SelectOptions, WriteOptions
from ..runs.part import WHOLE, Part
from ..runs.record import ADVICE, option_phrase, plain_options
from ..runs.run import Run, has_enricher
from .captioning import Chosen, choose_captioner
from .encoding import Encoding, choose_encoders
from .selectable import check_select_options


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The models and files that the options name, found and checked."""

    statistics: pa.Table | None = None
    """Another run's statistics, to measure by."""
    captioner: Chosen | None = None
    max_fault_share: float = MAX_FAULT_SHARE
    """The largest share of the images for which the captioner may give no usable caption."""
    caption_files: tuple[CaptionFile, ...] = ()
    encodings: tuple[Encoding, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know before the work starts, a line each."""


def prepare(
    run: Run,
    *,
    score: ScoreOptions | None = None,
    enrich: EnrichOptions | None = None,
    service: ServiceOptions | None = None,
    select: SelectOptions | None = None,
    write: WriteOptions | None = None,
    sources: list[Source] | None = None,
    part: Part = WHOLE,
    replaces: bool = False,
) -> Prepared:
    """Find and check the models and files that the options of a command's phases name.

    ``sources`` are the shards to score, None if they are still to be downloaded. ``replaces`` says
    whether finished shards may be replaced. A phase that is done needs no model. Nothing in the run
    is changed. Raises UsageError, ModelNotFoundError or EvenpairError, in one line, for the first
    that is missing or cannot be used.
    """
    prepared = Prepared()
    if score is not None:
        prepared = Prepared(statistics=_prepare_score(run, score, sources))
    if enrich is not None:
        prepared = _prepare_enrich(run, enrich, service or ServiceOptions(), part, prepared)
    if select is not None:
        check_select_options(select)
    if score is not None and sources is not None and run.is_started and not replaces:
        refuse_other_shards(run, sources)
    options = {Phase.SCORE: score, Phase.ENRICH: enrich, Phase.SELECT: select, Phase.WRITE: write}
    outdated = _outdating_phase(run, options)
    if outdated is None or run.dry:
        return prepared
    if not replaces:
        raise UsageError(_advice_to_replace(run, outdated))
    note = f"{run.directory.shards} stays as it is until evenpair write has written the new shards"
    return replace(prepared, notes=(note,))


def _outdating_phase(run: Run, options: Mapping[Phase, Any]) -> Phase | None:
    """Return the first phase that would make finished shards out of date, None if there is none."""
    if not (run.record.shards_finished and run.record.is_done(Phase.WRITE)):
        return None
    for phase, record in options.items():
        if record is None or run.is_current(phase, record):
            continue
        begun = run.record.options(phase) or phase is not Phase.ENRICH
        if begun or has_enricher(plain_options(record)):
            return phase
    return None


def _advice_to_replace(run: Run, phase: Phase) -> str:
    keep = ", --keep-shards to write them beside these" if phase is Phase.SELECT else ""
    return (
        f"{run.directory.shards} is finished, and evenpair {phase.value} with these options would "
        f"make it out of date: add --overwrite to replace it once the new shards are whole{keep}"
    )


def _prepare_enrich(
    run: Run, options: EnrichOptions, service: ServiceOptions, part: Part, prepared: Prepared
) -> Prepared:
    if options.captions and not part.is_whole:
        raise UsageError("--captions are joined by one process: leave out --part")
    captioner = choose_captioner(run, options, service, part)
    if captioner is not None and not run.is_current(Phase.ENRICH, options):
        captioner.check()
    return replace(
        prepared,
        captioner=captioner,
        max_fault_share=service.max_fault_share,
        caption_files=find_caption_files(options) if options.captions else (),
        encodings=choose_encoders(run, options, part),
    )


def _prepare_score(
    run: Run, options: ScoreOptions, sources: list[Source] | None
) -> pa.Table | None:
    """Return the statistics to measure by, if the options name some and scoring is to be done."""
    is_same = run.is_started and sources in (None, run.sources())
    if is_same and run.is_current(Phase.SCORE, options):
        return None
    if options.parser:
        load_parser(options.parser)
    if sources is not None:
        check_sources(sources, options)
    return load_table(options.statistics) if options.statistics else None


def check_sources(sources: list[Source], options: ScoreOptions) -> None:
    """Raise UsageError if the first of ``sources`` lacks the field that holds the captions."""
    if options.caption_field:
        require_caption_field(sources[0], options.caption_field)


def refuse_changes(run: Run, options: JobOptions, sources: list[Source] | None) -> None:
    """Raise UsageError if ``run`` was made with other options or from other shards."""
    for phase in Phase:
        changed = run.record.changed_option(phase, plain_options(getattr(options, phase.value)))
        if changed is not None:
            name, before, now = changed
            difference = f"{option_phrase(name, before)}, not {option_phrase(name, now)}"
            root = run.directory.root
            raise UsageError(f"{root} was made {difference}: {_commands(phase, root)}, or {ADVICE}")
    if sources is not None and run.is_started:
        refuse_other_shards(run, sources)


def _commands(phase: Phase, root: str) -> str:
    """Return the commands that apply a new option of ``phase``."""
    arguments = f"INPUT... --out {root}" if phase is Phase.SCORE else root
    later = "".join(f", then {later.value}" for later in phase.following)
    return f"evenpair {phase.value} {arguments} applies it{later}"


def refuse_other_shards(run: Run, sources: list[Source]) -> None:
    """Raise UsageError if ``sources`` are not the shards of ``run``."""
    if run.sources() != sources:
        raise UsageError(
            f"{run.directory.root} was made from other shards than INPUT names now: {ADVICE}"
        )
