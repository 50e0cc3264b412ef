"""The whole job: download if need be, the four phases in their order, the accounts, the report."""

from collections.abc import Iterator

from ..schemas.errors import EvenpairError, UsageError
from ..schemas.phase import Phase
from ..schemas.run_directory import RunDirectory
from ..schemas.source import Source
from ..storage import files
from .download.download import Download, download
from .download.downloads import finished_shards
from .inputs.find_sources import find_sources
from .options.phase_options import JobOptions, WriteOptions
from .phases.enrich import enrich
from .phases.pilot import pilot
from .phases.prepare import (
    Prepared,
    check_sources,
    prepare,
    refuse_changes,
    refuse_other_shards,
)
from .phases.score import score
from .phases.select import select
from .phases.write import write
from .report.report import draw_report
from .runs.accounting import (
    account,
    keep_accounts,
    shard_tallies,
    tally_of_source,
    total_counts,
)
from .runs.record import plain_options
from .runs.run import Run


def run_job(run: Run, sources: list[Source] | Download, options: JobOptions) -> None:
    """Run the four phases, after the download of urls if there are some; finished work is skipped.

    Raises UsageError if the run directory was made with other options or from other shards.
    """
    sources, prepared = _start(run, sources, options)
    score(run, sources, options.score, prepared)
    enrich(run, options.enrich, prepared)
    select(run, options.select)
    finish_job(run, options.write)


def run_pilot(
    run: Run, sources: list[Source] | Download, options: JobOptions, count: int
) -> Iterator[str]:
    """Score, then caption a sample of ``count`` pairs; yield lines about the cost of all."""
    sources, prepared = _start(run, sources, options)
    score(run, sources, options.score, prepared)
    return pilot(run, options.enrich, prepared.captioner, count, prepared.max_fault_share)


def finish_job(run: Run, options: WriteOptions) -> None:
    """Write the shards, check that every pair is accounted for, and draw the report.

    Raises EvenpairError if the pairs read are not those written and rejected.
    """
    write(run, options)
    if run.dry:
        return
    run_dir, sources = run.directory, run.sources()
    shards = shard_tallies(run_dir, sources)
    accounts = account(run_dir, sources, shards)
    run.save(counts=total_counts(accounts, shards))
    draw_report(run_dir, run.record)
    keep_accounts(run_dir, accounts)


def raise_for_faults(run: Run) -> None:
    """Raise EvenpairError, a line for each, if a source could not be read whole."""
    tallies = files.each(lambda source: tally_of_source(run.directory, source), run.sources())
    faults = [tally.fault for tally in tallies if tally.fault is not None]
    lines = dict.fromkeys([*faults, *_damage_since(run)])
    if lines:
        raise EvenpairError("\n".join(lines))


def raise_for_damage_since(run: Run) -> None:
    """Raise EvenpairError, a line for each, for sources damaged since they were scored."""
    if lines := _damage_since(run):
        raise EvenpairError("\n".join(lines))


def _damage_since(run: Run) -> list[str]:
    counts = run.record.counts if run.record.is_done(Phase.WRITE) else None
    if counts is None or not counts.damaged_sources:
        return []
    paths = {source.name: source.path for source in run.sources()}
    return [f"{paths[name]}: {damage}" for name, damage in counts.damaged_sources.items()]


def _start(
    run: Run, sources: list[Source] | Download, options: JobOptions
) -> tuple[list[Source], Prepared]:
    """Check everything before any work is done, then download; return the shards to score."""
    if not isinstance(sources, Download):
        refuse_changes(run, options, sources)
        return sources, _prepare(run, options, sources)
    refuse_changes(run, options, None)
    prepared = _prepare(run, options, None)
    downloaded = _download(run, sources)
    check_sources(downloaded, options.score)
    return downloaded, prepared


def _prepare(run: Run, options: JobOptions, sources: list[Source] | None) -> Prepared:
    return prepare(
        run,
        score=options.score,
        enrich=options.enrich,
        service=options.service,
        select=options.select,
        sources=sources,
    )


def _download(run: Run, planned: Download) -> list[Source]:
    """Download into a folder of the run directory, and return the shards there."""
    if run.dry:
        raise UsageError(
            "--dry-run downloads nothing: evenpair download first, and name its shards"
        )
    folder = RunDirectory(run.directory.downloads)
    if run.is_started and not files.exists(folder.root):
        refuse_other_shards(run, [])
    run.save()  # from now on this is a run directory, even if the download is interrupted
    download(planned, folder, run.execute)
    run.save(download=plain_options(planned.options))
    if not finished_shards(folder):
        raise UsageError(f"{planned.lists[0].path} has no rows: there is nothing to download")
    sources = find_sources((folder.root,))
    if run.is_started:
        refuse_other_shards(run, sources)
    return sources
