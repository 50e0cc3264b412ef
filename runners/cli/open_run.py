"""A run directory, locked for this launcher, with the engine that its phases run on."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...pipeline.download.downloads import clear_downloads, refuse_other_files
from ...pipeline.inputs.url_lists import UrlList
from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.lock import locked
from ...pipeline.runs.part import WHOLE, Part
from ...pipeline.runs.record import NoRunError
from ...pipeline.runs.run import Run
from ...pipeline.runs.work import Execute
from ...schemas.errors import UsageError
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ..dataflow.options import device_hints
from ..engine import open_engine


@contextmanager
def open_run(
    root: str,
    engine: EngineOptions,
    *,
    begin: bool = False,
    overwrite: bool = False,
    part: Part = WHOLE,
) -> Iterator[Run]:
    """Open the run directory at ``root`` for one launcher; ``overwrite`` empties it first.

    Raises UsageError if there is none and none is to ``begin``, if it holds something else, or if
    another launcher is at work in it.
    """
    if overwrite and engine.dataflow.dry_run:
        raise UsageError("--dry-run changes nothing, so it cannot go with --overwrite")
    directory = RunDirectory(_as_workers_see(root, engine))
    if begin:
        _refuse_other_folder(directory, overwrite=overwrite)
    elif not files.exists(directory.sources):
        raise NoRunError(directory.root)
    with _at_work(directory, engine, part) as (execute, alone):
        if overwrite:
            for name in _OURS:
                files.remove(directory.path(name))

        models = 1 if engine.runner == "direct" else None
        dry = engine.dataflow.dry_run
        yield Run(directory, execute, models, alone, device_hints(engine), dry)


@contextmanager
def open_downloads(
    root: str, engine: EngineOptions, lists: Sequence[UrlList], *, overwrite: bool
) -> Iterator[tuple[RunDirectory, Execute]]:
    """Open a folder of downloads at ``root`` for one launcher; ``overwrite`` empties it first.

    Raises UsageError if it holds anything else, or if another launcher is at work in it.
    """
    if engine.dataflow.dry_run:
        raise UsageError("--dry-run shows the job of score, enrich, select or write")
    directory = RunDirectory(_as_workers_see(root, engine))
    _refuse_file(directory)
    refuse_other_files(directory, lists)
    with _at_work(directory, engine) as (execute, _):
        if overwrite:
            clear_downloads(directory)
        yield directory, execute


@contextmanager
def _at_work(
    directory: RunDirectory, engine: EngineOptions, part: Part = WHOLE
) -> Iterator[tuple[Execute, bool]]:
    """Hold a folder, and give the engine; also whether no other part is at work there."""
    with (
        locked(directory, part) as alone,
        open_engine(engine, directory.root) as execute,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield execute, alone


def _as_workers_see(root: str, engine: EngineOptions) -> str:
    """Return the path of the run directory; workers elsewhere know no folder to start from."""
    elsewhere = engine.runner != "direct" and files.is_local(root)
    return os.path.abspath(root) if elsewhere else root.rstrip("/") or "/"


_OURS = (
    "run.json",
    "sources.parquet",
    "statistics.parquet",
    "statistics.index.npy",
    "plan.parquet",
    "accounting.parquet",
    "report.html",
    "downloads",
    "scores",
    "answers",
    "captions",
    "embeddings",
    "selection",
    "rejections",
    "shards",
    "work",
)


def _refuse_other_folder(directory: RunDirectory, *, overwrite: bool) -> None:
    """Refuse a folder that holds files but no run, for a run would mix with them.

    What is left of a run that was being overwritten can be overwritten.
    """
    _refuse_file(directory)
    record, sources = directory.record, directory.sources
    if files.exists(record) or files.exists(sources):
        return
    ours = {directory.path(name) for name in _OURS} if overwrite else set()
    others = [p for p in files.find_in(directory.root, "*") if p not in ours]
    if others:
        raise UsageError(
            f"{directory.root} holds other files, such as {others[0]}: name a new folder"
        )


def _refuse_file(directory: RunDirectory) -> None:
    if files.is_local(directory.root) and os.path.isfile(directory.root):
        raise UsageError(f"{directory.root} is a file: name a folder")
