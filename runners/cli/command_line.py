"""The command line: every command, its arguments, and what it calls.

Nothing heavy is imported before a command needs it: help and errors answer at once.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

import click

from ... import __version__
from ...pipeline.options.download_options import DownloadOptions, FetchOptions, UrlOptions
from ...pipeline.options.engine_options import DataflowOptions, EngineOptions
from ...pipeline.options.options import (
    EnrichOptions,
    ScoreOptions,
    SelectOptions,
    ServiceOptions,
    VerifyOptions,
    WriteOptions,
)
from ...schemas.errors import EvenpairError, UsageError
from ..direct.fork_workers import begin_imports
from .record_options import options_of, record_from

if TYPE_CHECKING:
    from ...pipeline.runs.run import Run

_RUN = click.argument("run_directory", metavar="RUN")
_INPUT = click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
_ENGINE = (EngineOptions, DataflowOptions)
_OUT = click.option("--out", required=True, metavar="RUN", help="The run directory.")
_PILOT = click.option(
    "--pilot",
    type=int,
    metavar="N",
    help="Caption N pairs, chosen by hash, tell what all would take, and stop. They are kept.",
)

Given = dict[str, Any]
Beam = tuple[str, ...]
_Command = TypeVar("_Command", bound=Callable[..., None])


def _with_workers_ahead(command: _Command) -> _Command:
    """Have what a command's worker processes import imported beside what it imports itself."""

    @wraps(command)
    def start_first(*arguments: Any, **given: Any) -> None:
        if given["runner"] == "direct" and given["workers"] > 1:
            begin_imports()
        command(*arguments, **given)

    return cast(_Command, start_first)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="evenpair")
def evenpair() -> None:
    r"""Even out the information in image-text pairs before contrastive training.

    evenpair scores how much each caption tells of its image, has a captioning model enrich the
    captions that tell too little, drops the pairs that stay too uneven, and writes WebDataset
    shards. Options that Beam itself takes follow "--".

    \b
    Try it:   evenpair demo --out demo
    Then:     evenpair run 'shards/*.tar' --out RUN --captioner MODEL --keep-fraction 0.7
    """


@evenpair.command()
@_INPUT
@_OUT
@click.option("--overwrite", is_flag=True, help="Begin afresh in a directory of another run.")
@_PILOT
@options_of(ScoreOptions, EnrichOptions, ServiceOptions, SelectOptions, WriteOptions, *_ENGINE)
@options_of(UrlOptions, FetchOptions)
@click.pass_obj
@_with_workers_ahead
def run(beam: Beam, /, out: str, overwrite: bool, pilot: int | None, **given: Any) -> None:
    """Run the whole job: score, enrich, select and write.

    INPUT are img2dataset's WebDataset tars: paths, folders, globs or brace ranges such as
    'shards/{00000..00099}.tar'; or lists of urls with captions, of which the images are downloaded
    into RUN/downloads first. Running again into the same directory goes on where it stopped.
    """
    phases, service = _phase_options(given), record_from(ServiceOptions, given)
    urls, fetch = record_from(UrlOptions, given), record_from(FetchOptions, given)
    from ...pipeline.download.download import plan_run_download
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.job import RunOptions, download_first, raise_for_faults, run_all, run_pilot
    from ...pipeline.phases.pilot import require_pilot

    options = RunOptions(*phases, service)
    require_pilot(pilot, options.enrich)
    wanted = plan_run_download(given["inputs"], urls, fetch)
    sources = [] if wanted else find_sources(given["inputs"])
    with _open(out, beam, given, begin=True, overwrite=overwrite) as opened:
        sources = download_first(opened, wanted, options) if wanted else sources
        if pilot is not None:
            _print(run_pilot(opened, sources, options, pilot))
        else:
            run_all(opened, sources, options)
            _print_summary(opened)
        raise_for_faults(opened)


@evenpair.command()
@_INPUT
@_OUT
@options_of(ScoreOptions, *_ENGINE)
@click.pass_obj
@_with_workers_ahead
def score(beam: Beam, /, out: str, **given: Any) -> None:
    """Parse every caption and measure its information.

    Writes RUN/scores and RUN/statistics.parquet. No image is read.
    """
    options = record_from(ScoreOptions, given)
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.job import raise_for_faults
    from ...pipeline.phases import steps as phases
    from ...schemas.run_tables import RunTable

    sources = find_sources(given["inputs"])
    with _open(out, beam, given, begin=True) as opened:
        phases.score(opened, sources, options)
        scores = opened.directory.folder(RunTable.SCORES)
        click.echo(f"scores of {len(sources)} shards: {scores}")
        raise_for_faults(opened)


@evenpair.command()
@_RUN
@options_of(EnrichOptions, ServiceOptions, *_ENGINE)
@_PILOT
@click.option(
    "--worklist",
    default="",
    metavar="OUT",
    help="Write what would be captioned to this .parquet, for a job elsewhere, and stop.",
)
@click.option(
    "--part",
    default="",
    metavar="I/N",
    help="Do the I-th of N parts: so many processes, one on each GPU, share the run directory.",
)
@click.pass_obj
@_with_workers_ahead
def enrich(
    beam: Beam, /, run_directory: str, part: str, worklist: str, pilot: int | None, **given: Any
) -> None:
    """Caption the images of sparse pairs; the only phase that wants a GPU.

    With --captions it joins captions that were made elsewhere, and wants none.
    """
    options = record_from(EnrichOptions, given)
    service = record_from(ServiceOptions, given)
    from ...pipeline.job import check_captioner, enrich_lines, pilot_lines
    from ...pipeline.phases.pilot import require_pilot
    from ...pipeline.phases.worklist import require_worklist, worklist_lines
    from ...pipeline.runs.part import read_part

    own = read_part(part)
    require_pilot(pilot, options, own)
    require_worklist(worklist, options)
    with _open(run_directory, beam, given, part=own) as opened:
        check_captioner(opened, options, service, own)
        if worklist:
            _print(worklist_lines(opened, options, worklist, own))
        elif pilot is not None:
            _print(pilot_lines(opened, options, service, pilot))
        else:
            _print(enrich_lines(opened, options, service, own))


@evenpair.command()
@_RUN
@options_of(SelectOptions, *_ENGINE)
@click.pass_obj
@_with_workers_ahead
def select(beam: Beam, /, run_directory: str, **given: Any) -> None:
    """Choose the caption of every pair, and which pairs are written."""
    options = record_from(SelectOptions, given)
    from ...pipeline.phases import steps as phases
    from ...schemas.run_tables import RunTable

    with _open(run_directory, beam, given) as opened:
        phases.select(opened, options)
        click.echo(f"selection: {opened.directory.folder(RunTable.SELECTION)}")


@evenpair.command()
@_RUN
@options_of(WriteOptions, *_ENGINE)
@click.pass_obj
@_with_workers_ahead
def write(beam: Beam, /, run_directory: str, **given: Any) -> None:
    """Write the chosen pairs as shards, and check that every pair is accounted for."""
    options = record_from(WriteOptions, given)
    from ...pipeline.job import write as write_run

    with _open(run_directory, beam, given) as opened:
        write_run(opened, options)
        _print_summary(opened)


@evenpair.command()
@_RUN
@click.pass_obj
def report(beam: Beam, /, run_directory: str) -> None:
    """Draw RUN/report.html again, from the tables and shards of a finished run."""
    from ...pipeline.report.report import draw_report
    from ...schemas.phase import Phase

    with _open(run_directory, beam, {}) as opened:
        opened.require(Phase.WRITE)
        draw_report(opened.directory)
        click.echo(f"report: {opened.directory.report}")


@evenpair.command()
@click.argument("lists", metavar="URLS...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="DIR", help="The folder for the shards.")
@click.option("--overwrite", is_flag=True, help="Begin afresh in a folder of another download.")
@options_of(DownloadOptions, FetchOptions, *_ENGINE)
@click.pass_obj
def download(
    beam: Beam, /, lists: tuple[str, ...], out: str, overwrite: bool, **given: Any
) -> None:
    """Download the images of lists of urls, as img2dataset does, on any runner.

    URLS are Parquet, CSV, TSV or JSONL files with a column of urls, or text files with one a line.
    Every url has a row in the Parquet file of its shard, which says what came of it. Running again
    into the same folder does the shards that are not finished.
    """
    options, fetch = record_from(DownloadOptions, given), record_from(FetchOptions, given)
    engine = _engine(beam, given)
    from ...pipeline.download.download import download as download_urls
    from ...pipeline.download.download import plan_download
    from ...pipeline.download.downloads import download_lines
    from ...pipeline.inputs.url_lists import find_url_lists
    from .open_run import open_downloads

    found = find_url_lists(lists)
    wanted = plan_download(found, options, fetch)
    with open_downloads(out, engine, found, overwrite=overwrite) as (folder, execute):
        download_urls(wanted, folder, execute)
        for line in download_lines(folder):
            click.echo(line)
        click.echo(f"shards  {folder.root}")


@evenpair.command()
@click.argument("shards", metavar="SHARDS...", nargs=-1, required=True)
@options_of(VerifyOptions)
@click.pass_obj
def verify(beam: Beam, /, shards: tuple[str, ...], **given: Any) -> None:
    """Check that training would read every sample of any shards, evenpair's own or not.

    SHARDS are tars, Parquet files with images, folders, globs or brace ranges. Prints a line for
    each finding, with shard and key, and exits 1 if there is one.
    """
    options = record_from(VerifyOptions, given)
    from ...pipeline.inputs.find_sources import find_sources
    from ...pipeline.verify.verify import verify as verify_shards
    from ..direct.process_pool import pool_maker

    sources = find_sources(shards)
    found = verify_shards(sources, options, pool_maker(beam), lambda f: click.echo(f.line()))
    click.echo(f"{found.shards} shards, {found.samples} samples, {found.findings} findings")
    if found.findings:
        sys.exit(EvenpairError.exit_status)


@evenpair.command()
@click.option(
    "--input",
    "given",
    type=click.File(encoding="utf-8", errors="replace"),
    default="-",
    metavar="FILE",
    help="Captions, a line each; standard input by default.",
)
@click.option("--jsonl", is_flag=True, help="Print a line of JSON for each caption.")
@options_of(ScoreOptions)
def facts(given: IO[str], jsonl: bool, parser: str, statistics: str, **_unused: Any) -> None:
    """Print what captions state, and how many bits each carries.

    One line out for each line in, in order. Every line is read as the parser's language. A terminal
    shows below each caption its facts, and the words that became each.
    """
    from ...pipeline.facts import as_json, as_text, as_view, state_facts

    show = as_json if jsonl else as_view if sys.stdout.isatty() else as_text
    captions = (line.rstrip("\r\n") for line in given)
    for stated in state_facts(captions, parser, statistics):
        sys.stdout.write(show(stated) + "\n")


@evenpair.command()
@click.option("--out", required=True, metavar="DIR", help="Where the data and the run go.")
@click.option("--pairs", default=400, show_default=True, metavar="N", help="How many to draw.")
@click.option("--seed", default=0, show_default=True, metavar="S", help="Draws other scenes.")
@options_of(*_ENGINE)
@click.pass_obj
def demo(beam: Beam, /, out: str, pairs: int, seed: int, **given: Any) -> None:
    """Draw pictures with known facts, and run the whole job on them.

    Makes DIR/shards-in, DIR/truth.jsonl and DIR/run. The captions leave out most of what the
    pictures show; the captioner that ships with evenpair puts it back.
    """
    if pairs < 1:
        raise UsageError(f"--pairs must be at least 1, not {pairs}")
    from ...pipeline.demo import make_demo, run_demo

    shards, new = make_demo(out, pairs, seed)
    with _open(f"{out}/run", beam, given, begin=True, overwrite=new) as opened:
        run_demo(opened, shards)
        _print_summary(opened)


def _phase_options(
    given: Given,
) -> tuple[ScoreOptions, EnrichOptions, SelectOptions, WriteOptions]:
    return (
        record_from(ScoreOptions, given),
        record_from(EnrichOptions, given),
        record_from(SelectOptions, given),
        record_from(WriteOptions, given),
    )


def _engine(beam: Beam, given: Given) -> EngineOptions:
    dataflow = record_from(DataflowOptions, given)
    return record_from(EngineOptions, given, beam=beam, dataflow=dataflow)


@contextmanager
def _open(out: str, beam: Beam, given: Given, **how: Any) -> Iterator["Run"]:
    engine = _engine(beam, given)
    from .open_run import open_run

    with open_run(out, engine, **how) as opened:
        yield opened


def _print_summary(opened: "Run") -> None:
    from ...pipeline.report.summary import summary_lines

    _print(summary_lines(opened))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
