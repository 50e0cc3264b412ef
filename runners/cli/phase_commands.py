"""The commands over a run directory: the whole job, its phases one by one, the report.

Nothing heavy is imported before a command needs it: help and errors answer at once.
"""

from typing import Any

import click
import cloup

from ...pipeline.options.download_options import FetchOptions, UrlOptions
from ...pipeline.options.phase_options import (
    EnrichOptions,
    JobOptions,
    ScoreOptions,
    SelectOptions,
    ServiceOptions,
    WriteOptions,
)
from .options import option_group, record_from
from .session import BeamOptions, engine_groups, print_lines, print_summary, session

_RUN = cloup.argument("run_directory", metavar="RUN")
_INPUT = cloup.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
_OUT = cloup.option("--out", required=True, metavar="RUN", help="The run directory.")
_OVERWRITE = cloup.option(
    "--overwrite", is_flag=True, help="Start afresh in the directory of another run."
)
_PILOT = cloup.option(
    "--pilot",
    type=int,
    metavar="N",
    help="Caption N pairs, chosen by hash, estimate the cost of all, and stop. Answers are kept.",
)
_WORKLIST = cloup.option(
    "--worklist",
    default="",
    metavar="OUT",
    help="Write the pairs to caption to this .parquet, for a job elsewhere, and stop.",
)
_PART = cloup.option(
    "--part",
    default="",
    metavar="I/N",
    help="Do the I-th of N parts: N processes, one on each GPU, share the run directory.",
)


@cloup.command()
@_INPUT
@option_group("Input", ScoreOptions, extra=(_OUT, _OVERWRITE))
@option_group("Enrichment", EnrichOptions, extra=(_PILOT,))
@option_group("Captioning service", ServiceOptions)
@option_group("Selection", SelectOptions)
@option_group("Output", WriteOptions)
@engine_groups
@option_group("Download, where INPUT are lists of urls", UrlOptions, FetchOptions)
@click.pass_obj
def run(beam: BeamOptions, /, out: str, overwrite: bool, pilot: int | None, **values: Any) -> None:
    """Run the whole job: score, enrich, select and write.

    INPUT are img2dataset's WebDataset tars: paths, folders, globs or brace ranges such as
    'shards/{00000..00099}.tar'; or lists of urls with captions, of which the images are downloaded
    into RUN/downloads first. The same command again continues an interrupted run.
    """
    options = JobOptions(
        score=record_from(ScoreOptions, values),
        enrich=record_from(EnrichOptions, values),
        select=record_from(SelectOptions, values),
        write=record_from(WriteOptions, values),
        service=record_from(ServiceOptions, values),
    )
    urls, fetch = record_from(UrlOptions, values), record_from(FetchOptions, values)
    from ...pipeline.download.download import plan_run_download
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.job import raise_for_faults, run_job, run_pilot
    from ...pipeline.phases.pilot import require_pilot

    require_pilot(pilot, options.enrich)
    planned = plan_run_download(values["inputs"], urls, fetch)
    sources = planned or find_sources(values["inputs"])
    with session(out, beam, values, begin=True, overwrite=overwrite) as opened:
        if pilot is not None:
            print_lines(run_pilot(opened, sources, options, pilot))
        else:
            run_job(opened, sources, options)
            print_summary(opened)
        raise_for_faults(opened)


@cloup.command()
@_INPUT
@option_group("Input", ScoreOptions, extra=(_OUT,))
@engine_groups
@click.pass_obj
def score(beam: BeamOptions, /, out: str, **values: Any) -> None:
    """Parse every caption and measure its information.

    Writes RUN/scores and RUN/statistics.parquet. No image is read.
    """
    options = record_from(ScoreOptions, values)
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.job import raise_for_faults
    from ...pipeline.phases.prepare import prepare
    from ...pipeline.phases.score import score as score_run
    from ...schemas.run_tables import RunTable

    sources = find_sources(values["inputs"])
    with session(out, beam, values, begin=True) as opened:
        prepared = prepare(opened, score=options, sources=sources)
        score_run(opened, sources, options, prepared)
        scores = opened.directory.folder(RunTable.SCORES)
        click.echo(f"scores of {len(sources)} shards: {scores}")
        raise_for_faults(opened)


@cloup.command()
@_RUN
@option_group("Enrichment", EnrichOptions, extra=(_PILOT, _WORKLIST, _PART))
@option_group("Captioning service", ServiceOptions)
@engine_groups
@click.pass_obj
def enrich(
    beam: BeamOptions,
    /,
    run_directory: str,
    part: str,
    worklist: str,
    pilot: int | None,
    **values: Any,
) -> None:
    """Caption the images of sparse pairs; the only phase that uses a GPU.

    With --captions it joins captions that were made elsewhere, and needs none.
    """
    options = record_from(EnrichOptions, values)
    service = record_from(ServiceOptions, values)
    from ...pipeline.phases.enrich import enrich_lines
    from ...pipeline.phases.pilot import pilot as run_pilot
    from ...pipeline.phases.pilot import require_pilot
    from ...pipeline.phases.prepare import prepare
    from ...pipeline.phases.worklist import require_worklist, worklist_lines
    from ...pipeline.runs.part import read_part

    own = read_part(part)
    require_pilot(pilot, options, own)
    require_worklist(worklist, options)
    with session(run_directory, beam, values, part=own) as opened:
        prepared = prepare(opened, enrich=options, service=service, part=own)
        if worklist:
            print_lines(worklist_lines(opened, options, worklist, own))
        elif pilot is not None:
            print_lines(run_pilot(opened, options, prepared.captioner, pilot))
        else:
            print_lines(enrich_lines(opened, options, prepared, own))


@cloup.command()
@_RUN
@option_group("Selection", SelectOptions)
@engine_groups
@click.pass_obj
def select(beam: BeamOptions, /, run_directory: str, **values: Any) -> None:
    """Choose the caption of every pair, and which pairs are written."""
    options = record_from(SelectOptions, values)
    from ...pipeline.phases.prepare import prepare
    from ...pipeline.phases.select import select as select_run
    from ...schemas.run_tables import RunTable

    with session(run_directory, beam, values) as opened:
        prepare(opened, select=options)
        select_run(opened, options)
        click.echo(f"selection: {opened.directory.folder(RunTable.SELECTION)}")


@cloup.command()
@_RUN
@option_group("Output", WriteOptions)
@engine_groups
@click.pass_obj
def write(beam: BeamOptions, /, run_directory: str, **values: Any) -> None:
    """Write the chosen pairs as shards, and check that every pair is accounted for."""
    options = record_from(WriteOptions, values)
    from ...pipeline.job import finish_job

    with session(run_directory, beam, values) as opened:
        finish_job(opened, options)
        print_summary(opened)


@cloup.command()
@_RUN
@click.pass_obj
def report(beam: BeamOptions, /, run_directory: str) -> None:
    """Draw RUN/report.html again, from the tables and shards of a finished run."""
    from ...pipeline.report.report import draw_report
    from ...schemas.phase import Phase

    with session(run_directory, beam, {}) as opened:
        opened.require(Phase.WRITE)
        draw_report(opened.directory, opened.record)
        click.echo(f"report: {opened.directory.report}")
