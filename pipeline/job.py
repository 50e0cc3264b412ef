"""The whole job: the four phases one after the other, the accounts, the report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..models.load_parser import load_parser
from ..schemas.errors import EvenpairError, UsageError
from ..schemas.phase import Phase
from ..schemas.run_directory import RunDirectory
from ..schemas.run_tables import RunTable
from ..schemas.source import Source
from ..storage import files
from .download.download import Wanted, download
from .download.downloads import finished
from .inputs.find_sources import find_sources
from .options.options import (
    EnrichOptions,
    ScoreOptions,
    SelectOptions,
    ServiceOptions,
    WriteOptions,
)
from .phases import steps as phases
from .phases.captioning import choose_captioner
from .phases.encoding import choose_encoders, embed
from .phases.given_captions import find_given_captions, join_given, joined_lines
from .phases.pilot import pilot
from .phases.selectable import check_options
from .report.report import draw_report
from .runs.accounting import account, keep_accounts, members_left_out, tally, total_counts
from .runs.part import WHOLE, Part
from .runs.record import ADVICE, changed_option, keep_record, options_of, said
from .runs.run import Run

_NO_SERVICE = ServiceOptions()


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of all phases."""

    score: ScoreOptions
    enrich: EnrichOptions
    select: SelectOptions
    write: WriteOptions
    service: ServiceOptions = _NO_SERVICE

    def by_phase(self) -> dict[Phase, Any]:
        """Return the options of each phase."""
        return {phase: getattr(self, phase.value) for phase in Phase}


def run_all(run: Run, sources: list[Source], options: RunOptions) -> None:
    """Run the four phases; what is done already is passed over.

    Raises UsageError if the run directory was made with other options.
    """
    _score(run, sources, options)
    enrich(run, options.enrich, options.service)
    phases.select(run, options.select)
    write(run, options.write)


def run_pilot(run: Run, sources: list[Source], options: RunOptions, count: int) -> Iterator[str]:
    """Score, then caption a sample of ``count`` pairs, and tell what all would take."""
    _score(run, sources, options)
    return pilot_lines(run, options.enrich, options.service, count)


def _score(run: Run, sources: list[Source], options: RunOptions) -> None:
    check_run(run, options)
    if files.exists(run.directory.sources) and run.sources() != sources:
        _refuse_other_shards(run)
    phases.score(run, sources, options.score)


def download_first(run: Run, wanted: Wanted, options: RunOptions) -> list[Source]:
    """Download what ``run`` is to read into a folder of its own, and return the shards there.

    What the phases would refuse is refused before.
    """
    check_run(run, options)
    if run.dry:
        raise UsageError(
            "--dry-run downloads nothing: evenpair download first, and name its shards"
        )
    run_dir = RunDirectory(run.directory.downloads)
    if files.exists(run.directory.sources) and not files.exists(run_dir.root):
        _refuse_other_shards(run)
    keep_record(run.directory, run.record)  # it is a run from now on, however it ends
    download(wanted, run_dir, run.execute)
    run.record["download"] = options_of(wanted.options)
    keep_record(run.directory, run.record)
    if not finished(run_dir):
        raise UsageError(f"{wanted.lists[0].path} has no rows: there is nothing to download")
    return find_sources((run_dir.root,))


def check_run(run: Run, options: RunOptions) -> None:
    """Raise UsageError, before any work, for what the phases would not do."""
    refuse_changes(run, options)
    check_models(run, options)
    check_options(options.select)


def refuse_changes(run: Run, options: RunOptions) -> None:
    """Raise UsageError, with the option's name, if ``run`` was begun with other options."""
    for phase, wanted in options.by_phase().items():
        changed = changed_option(run.record, phase, options_of(wanted))
        if changed is not None:
            name, before, now = changed
            differs = f"{said(name, before)}, not {said(name, now)}"
            raise UsageError(f"{run.directory.root} was made {differs}: {ADVICE}")


def _refuse_other_shards(run: Run) -> None:
    root = run.directory.root
    raise UsageError(f"{root} was made from other shards than INPUT names now: {ADVICE}")


def check_models(run: Run, options: RunOptions) -> None:
    """Raise UsageError or ModelNotFoundError, before any work, for a model that does not exist."""
    if options.score.parser and not run.is_done(Phase.SCORE):
        load_parser(options.score.parser)
    if options.enrich.captions or not run.is_done(Phase.ENRICH):
        check_captioner(run, options.enrich, options.service, WHOLE)
    choose_encoders(run, options.enrich, WHOLE)


def check_captioner(run: Run, options: EnrichOptions, service: ServiceOptions, part: Part) -> None:
    """Raise UsageError or EvenpairError, before any work, if there is nobody to caption."""
    if service.endpoint and not options.captioner:
        raise UsageError("--endpoint needs --captioner MODEL: what the service calls it")
    if options.captions and not part.is_whole:
        raise UsageError("--captions are joined by one process: leave out --part")
    if options.captions:
        find_given_captions(options)
    elif options.captioner:
        choose_captioner(run, options, service, part).check()


def enrich(
    run: Run,
    options: EnrichOptions,
    service: ServiceOptions = _NO_SERVICE,
    part: Part = WHOLE,
) -> int:
    """Caption the sparse pairs, if there is a captioner, and embed, if there are encoders.

    Returns how many shards are left to other parts.
    """
    encodings = choose_encoders(run, options, part)
    left = caption(run, options, service, part)
    return max(left, embed(run, options, encodings, part))


def caption(run: Run, options: EnrichOptions, service: ServiceOptions, part: Part) -> int:
    """Caption the sparse pairs, or join captions; return the shards left to other parts.

    Without a captioner and captions there is nothing to do.
    """
    if options.captions:
        join_given(run, options)
        return 0
    if not options.captioner:
        if not run.is_current(Phase.ENRICH, options):
            run.skip(Phase.ENRICH, options)
        return 0
    chosen = choose_captioner(run, options, service, part)
    return phases.enrich(
        run, options, chosen.asked, chosen.load, part, is_service=chosen.is_service
    )


def enrich_lines(
    run: Run, options: EnrichOptions, service: ServiceOptions, part: Part
) -> Iterator[str]:
    """Enrich, and tell what came of it."""
    left = enrich(run, options, service, part)
    yield from joined_lines(run.record)
    yield f"captions: {run.directory.folder(RunTable.CAPTIONS)}"
    if left:
        yield f"part {part} is done; {left} shards are left to other parts"


def pilot_lines(
    run: Run, options: EnrichOptions, service: ServiceOptions, count: int
) -> Iterator[str]:
    """Caption a sample of ``count`` pairs, and tell what all would take."""
    return pilot(run, options, choose_captioner(run, options, service, WHOLE), count)


def write(run: Run, options: WriteOptions) -> None:
    """Write the shards, then check that every pair is accounted for, and draw the report."""
    phases.write(run, options)
    if run.dry:
        return
    accounts = account(run.directory, run.sources())
    left_out = members_left_out(run.directory, run.sources())
    run.record["counts"] = {**total_counts(accounts), "members_left_out": left_out}
    keep_record(run.directory, run.record)
    draw_report(run.directory)
    keep_accounts(run.directory, accounts)


def raise_for_faults(run: Run) -> None:
    """Raise EvenpairError, a line for each, if a source could not be read whole."""
    found = files.each(lambda source: tally(run.directory, source), run.sources())
    faults = [noted.fault for noted in found if noted.fault is not None]
    if faults:
        raise EvenpairError("\n".join(faults))
