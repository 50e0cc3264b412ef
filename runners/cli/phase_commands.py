"""The commands over a run directory: the whole job, its phases one by one, the report.

Nothing heavy is imported before a command needs it: help and errors answer at once.
"""

from dataclasses import replace
from typing import Any

import click
import cloup

from ...pipeline.options.captioning_options import EnrichOptions, ServiceOptions
from ...pipeline.options.download_options import FetchOptions, UrlOptions
from ...pipeline.options.fields import flag
from ...pipeline.options.phase_options import (
    JobOptions,
    ScoreOptions,
    SelectOptions,
    WriteOptions,
    with_caption_col,
)
from .options import option_group, record_from
from .printing import print_errors, print_line, print_lines
from .session import (
    BeamOptions,
    Values,
    engine_groups,
    print_summary,
    session,
)

_RUN = cloup.argument("run_directory", metavar="RUN")
_INPUT = cloup.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
_OUT = cloup.option("--out", required=True, metavar="RUN", help="The run directory.")
_OVERWRITE = cloup.option(
    "--overwrite", is_flag=True, help="Start afresh in the directory of another run."
)
_REPLACE = cloup.option(
    "--overwrite",
    is_flag=True,
    help="Replace finished shards, once the new ones are whole, although options differ.",
)
_KEEP_SHARDS = cloup.option(
    "--keep-shards",
    is_flag=True,
    help="Keep finished shards, and write the new ones into a folder beside them.",
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
@option_group("Captioning service, and limits", ServiceOptions)
@option_group("Selection", SelectOptions)
@option_group("Output", WriteOptions)
@engine_groups
@option_group("Download, where INPUT are lists of urls", UrlOptions, FetchOptions)
@click.pass_obj
def run(beam: BeamOptions, /, out: str, overwrite: bool, pilot: int | None, **values: Any) -> None:
    """Run the whole job: score, enrich, select and write.

    INPUT are WebDataset tars or Parquet files with images: paths, folders, globs or brace ranges
    such as 'shards/{00000..00099}.tar'; folders of images with captions beside them; or lists of
    urls with captions, of which the images are downloaded into RUN/downloads first. The same
    command again continues an interrupted run.
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
    from ...pipeline.inputs.find_sources import find_sources, unread_notes
    from ...pipeline.job import raise_for_faults, run_job, run_pilot
    from ...pipeline.phases.pilot import require_pilot

    _refuse_nested(out, values)
    require_pilot(pilot, options.enrich)
    planned = plan_run_download(values["inputs"], urls, fetch)
    if planned is None:
        options = replace(options, score=with_caption_col(options.score, urls.caption_col))
    sources = planned or find_sources(values["inputs"], options.score.image_col)
    if planned is None:
        print_errors("\n".join(unread_notes(values["inputs"])))
    with session(out, beam, values, begin=True, overwrite=overwrite) as opened:
        if pilot is not None:
            print_lines(run_pilot(opened, sources, options, pilot))
        else:
            run_job(opened, sources, options)
            print_summary(opened)
        raise_for_faults(opened)


@cloup.command()
@_INPUT
@option_group("Input", ScoreOptions, extra=(_OUT, _REPLACE))
@engine_groups
@click.pass_obj
def score(beam: BeamOptions, /, out: str, overwrite: bool, **values: Any) -> None:
    """Parse every caption and measure its information.

    Writes RUN/scores and RUN/statistics.parquet, and ends with how many pairs would be sparse at
    five values of --enrich-below. No image is read.
    """
    options = record_from(ScoreOptions, values)
    from ...pipeline.inputs.find_sources import find_sources, unread_notes
    from ...pipeline.job import raise_for_faults
    from ...pipeline.phases.prepare import prepare
    from ...pipeline.phases.score import score as score_run
    from ...pipeline.phases.sparse_shares import sparse_lines
    from ...schemas.run_tables import RunTable

    _refuse_nested(out, values)
    sources = find_sources(values["inputs"], options.image_col)
    print_errors("\n".join(unread_notes(values["inputs"])))
    with session(out, beam, values, begin=True) as opened:
        prepared = prepare(opened, score=options, sources=sources, replaces=overwrite)
        print_errors("\n".join(prepared.notes))
        score_run(opened, sources, options, prepared)
        scores = opened.directory.folder(RunTable.SCORES)
        print_line(f"scores of {len(sources)} shards: {scores}")
        if not opened.dry:
            print_lines(sparse_lines(opened))
        raise_for_faults(opened)


@cloup.command()
@_RUN
@option_group("Enrichment", EnrichOptions, extra=(_PILOT, _WORKLIST, _PART, _REPLACE))
@option_group("Captioning service, and limits", ServiceOptions)
@engine_groups
@click.pass_obj
def enrich(
    beam: BeamOptions,
    /,
    run_directory: str,
    part: str,
    worklist: str,
    pilot: int | None,
    overwrite: bool,
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
        changes_nothing = bool(worklist) or pilot is not None
        prepared = prepare(
            opened,
            enrich=options,
            service=service,
            part=own,
            replaces=overwrite or changes_nothing,
        )
        if worklist:
            print_lines(worklist_lines(opened, options, worklist, own))
        elif pilot is not None:
            captioner, limit = prepared.captioner, prepared.max_fault_share
            print_lines(run_pilot(opened, options, captioner, pilot, limit))
        else:
            print_errors("\n".join(prepared.notes))
            print_lines(enrich_lines(opened, options, prepared, own))


@cloup.command()
@_RUN
@option_group("Selection", SelectOptions, extra=(_REPLACE, _KEEP_SHARDS))
@engine_groups
@click.pass_obj
def select(
    beam: BeamOptions, /, run_directory: str, overwrite: bool, keep_shards: bool, **values: Any
) -> None:
    """Choose the caption of every pair, and which pairs are written."""
    options = record_from(SelectOptions, values)
    from ...pipeline.phases.prepare import prepare
    from ...pipeline.phases.select import select as select_run
    from ...schemas.run_tables import RunTable

    with session(run_directory, beam, values) as opened:
        prepared = prepare(opened, select=options, replaces=overwrite or keep_shards)
        print_errors("\n".join(prepared.notes))
        if keep_shards:
            opened.save(keep_shards=True)
        select_run(opened, options)
        print_line(f"selection: {opened.directory.folder(RunTable.SELECTION)}")


@cloup.command()
@_RUN
@option_group("Output", WriteOptions, extra=(_REPLACE,))
@engine_groups
@click.pass_obj
def write(beam: BeamOptions, /, run_directory: str, overwrite: bool, **values: Any) -> None:
    """Write the chosen pairs as shards, and check that every pair is accounted for."""
    options = record_from(WriteOptions, values)
    from ...pipeline.job import finish_job, raise_for_damage_since
    from ...pipeline.phases.prepare import prepare

    with session(run_directory, beam, values) as opened:
        prepared = prepare(opened, write=options, replaces=overwrite)
        print_errors("\n".join(prepared.notes))
        finish_job(opened, options)
        print_summary(opened)
        raise_for_damage_since(opened)


def _refuse_nested(out: str, values: Values) -> None:
    """Raise UsageError for files to be read that lie inside the run directory."""
    from ...pipeline.inputs.nesting import refuse_nested

    refuse_nested(out, values["inputs"])
    for name in ("captions", "statistics", "block_list"):
        refuse_nested(out, (values.get(name) or "").split(","), flag(name))
