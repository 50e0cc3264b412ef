"""The commands that are no phases: download, verify, facts, demo, report.

Nothing heavy is imported before a command needs it: help and errors answer at once.
"""

import sys
from typing import IO, Any

import click
import cloup

from ...pipeline.options.download_options import DownloadOptions, FetchOptions
from ...pipeline.options.phase_options import FactsOptions, VerifyOptions
from ...schemas.errors import EvenpairError, UsageError
from ..address_space import require_address_space
from .options import option_group, record_from
from .printing import print_line, print_lines
from .session import BeamOptions, engine_groups, engine_options, print_summary, session

_DOWNLOAD_OUT = cloup.option("--out", required=True, metavar="DIR", help="The folder of shards.")
_OVERWRITE = cloup.option(
    "--overwrite", is_flag=True, help="Start afresh in the folder of another download."
)
_DEMO = (
    cloup.option("--out", required=True, metavar="DIR", help="The folder of the data and the run."),
    cloup.option("--pairs", default=400, show_default=True, metavar="N", help="Pairs to draw."),
    cloup.option("--seed", default=0, show_default=True, metavar="S", help="Draws other scenes."),
)


@cloup.command()
@cloup.argument("lists", metavar="URLS...", nargs=-1, required=True)
@option_group("Download", DownloadOptions, FetchOptions, extra=(_DOWNLOAD_OUT, _OVERWRITE))
@engine_groups
@click.pass_obj
def download(
    beam: BeamOptions, /, lists: tuple[str, ...], out: str, overwrite: bool, **values: Any
) -> None:
    """Download the images of lists of urls, as img2dataset does, on any runner.

    URLS are Parquet, CSV, TSV or JSONL files with a column of urls, or text files with one on each
    line. Every url has a row with its status in the Parquet file of its shard. The same command
    again downloads the shards that are not finished.
    """
    options, fetch = record_from(DownloadOptions, values), record_from(FetchOptions, values)
    engine = engine_options(beam, values)
    from ...pipeline.download.download import download as download_urls
    from ...pipeline.download.download import plan_download
    from ...pipeline.download.downloads import download_lines
    from ...pipeline.inputs.url_lists import find_url_lists
    from .open_run import open_downloads

    url_lists = find_url_lists(lists)
    planned = plan_download(url_lists, options, fetch)
    with open_downloads(out, engine, url_lists, overwrite=overwrite) as (folder, execute):
        download_urls(planned, folder, execute)
        print_lines(download_lines(folder))
        print_line(f"shards  {folder.root}")


@cloup.command()
@cloup.argument("shards", metavar="SHARDS...", nargs=-1, required=True)
@option_group("Checks", VerifyOptions)
@click.pass_obj
def verify(beam: BeamOptions, /, shards: tuple[str, ...], **values: Any) -> None:
    """Check that training would read every sample of any shards, evenpair's own or not.

    SHARDS are tars, Parquet files with images, folders, globs or brace ranges. Prints a line for
    each finding, with shard and key, and exits 1 if there is one. Control characters in captions
    are named, too, but are no reason to exit 1.
    """
    require_address_space()
    options = record_from(VerifyOptions, values)
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.verify.verify import verify as verify_shards
    from ..direct.process_pool import pool_maker

    sources = find_sources(shards)
    if folder := next((source.path for source in sources if source.is_folder), None):
        raise UsageError(f"{folder} holds images, no shards: evenpair run makes shards of them")
    verdict = verify_shards(sources, options, pool_maker(beam), lambda f: print_line(f.line()))
    counts = f"{verdict.shards} shards, {verdict.samples} samples, {verdict.findings} findings"
    print_line(f"{counts}, {verdict.warnings} warnings" if verdict.warnings else counts)
    if verdict.findings:
        sys.exit(EvenpairError.exit_status)


_CAPTIONS = cloup.option(
    "--input",
    "captions",
    type=click.File(encoding="utf-8", errors="replace"),
    default="-",
    metavar="FILE",
    help="Captions, one on each line; standard input by default.",
)
_JSONL = cloup.option("--jsonl", is_flag=True, help="Print a line of JSON for each caption.")


@cloup.command()
@option_group("Facts", FactsOptions, extra=(_CAPTIONS, _JSONL))
def facts(captions: IO[str], jsonl: bool, **values: Any) -> None:
    """Print the facts of captions, and the bits of each.

    One line out for each line in, in order. Every line is read as the parser's language. On a
    terminal, the facts of a caption and the words of each follow below it.
    """
    options = record_from(FactsOptions, values)
    require_address_space()
    from ...pipeline.facts import as_json, as_text, as_view, state_facts

    show = as_json if jsonl else as_view if sys.stdout.isatty() else as_text
    lines = (line.rstrip("\r\n") for line in captions)
    for statement in state_facts(lines, options.parser, options.statistics):
        sys.stdout.write(show(statement) + "\n")


@cloup.command()
@option_group("Demo", extra=_DEMO)
@engine_groups
@click.pass_obj
def demo(beam: BeamOptions, /, out: str, pairs: int, seed: int, **values: Any) -> None:
    """Draw pictures with known facts, and run the whole job on them.

    Makes DIR/shards-in, DIR/truth.jsonl and DIR/run. The captions leave out most of what the
    pictures show; the captioner that ships with evenpair adds it.
    """
    if pairs < 1:
        raise UsageError(f"--pairs must be at least 1, not {pairs}")
    from ...pipeline.demo import make_demo, run_demo

    shards, is_new = make_demo(out, pairs, seed)
    with session(f"{out}/run", beam, values, begin=True, overwrite=is_new) as opened:
        run_demo(opened, shards)
        print_summary(opened)


@cloup.command()
@cloup.argument("run_directory", metavar="RUN")
@click.pass_obj
def report(beam: BeamOptions, /, run_directory: str) -> None:
    """Draw RUN/report.html again, from the tables and shards of a finished run."""
    from ...pipeline.report.report import draw_report
    from ...schemas.phase import Phase

    with session(run_directory, beam, {}) as opened:
        opened.require(Phase.WRITE)
        draw_report(opened.directory, opened.record)
        print_line(f"report: {opened.directory.report}")
