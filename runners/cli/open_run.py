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
from ...pipeline.runs.record import (
    NoRunError,
    RunRecord,
    load_record_if_whole,
    save_record,
)
from ...pipeline.runs.run import Run
from ...pipeline.runs.work import Execute
from ...schemas.errors import UsageError
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, top_names
from ...storage import files
from ..dataflow.options import device_hints
from ..engine import open_engine
from .last_resort import is_traceback


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
    run_dir = RunDirectory(_as_workers_see(root, engine))
    _refuse_links(run_dir)
    if begin:
        _refuse_other_folder(run_dir, overwrite=overwrite)
    elif not files.exists(run_dir.sources):
        raise NoRunError(run_dir.root)
    with _at_work(run_dir, engine, part) as (execute, alone):
        if overwrite:
            _clear(run_dir)
        models = 1 if engine.runner == "direct" else None
        dry = engine.dataflow.dry_run
        yield Run(run_dir, execute, models, alone, device_hints(engine), dry)


def _clear(run_dir: RunDirectory) -> None:
    """Remove an earlier run, except its finished shards, which stay until new ones are whole."""
    record = load_record_if_whole(run_dir)
    finished = record.shards if record.shards_finished else None
    for name in top_names():
        if name not in (finished, RunEntry.RECORD.path):
            files.remove(run_dir.path(name))
    if finished is None:
        files.remove(run_dir.record)
    else:
        save_record(run_dir, RunRecord(shards=finished, shards_finished=True))


@contextmanager
def open_downloads(
    root: str, engine: EngineOptions, lists: Sequence[UrlList], *, overwrite: bool
) -> Iterator[tuple[RunDirectory, Execute]]:
    """Open a folder of downloads at ``root`` for one launcher; ``overwrite`` empties it first.

    Raises UsageError if it holds anything else, or if another launcher is at work in it.
    """
    if engine.dataflow.dry_run:
        raise UsageError("--dry-run shows the job of score, enrich, select or write")
    run_dir = RunDirectory(_as_workers_see(root, engine))
    _refuse_file(run_dir)
    refuse_other_files(run_dir, lists)
    with _at_work(run_dir, engine) as (execute, _):
        if overwrite:
            clear_downloads(run_dir)
        yield run_dir, execute


@contextmanager
def _at_work(
    run_dir: RunDirectory, engine: EngineOptions, part: Part = WHOLE
) -> Iterator[tuple[Execute, bool]]:
    """Hold a folder, and give the engine; also whether no other part is at work there."""
    with (
        locked(run_dir, part) as alone,
        open_engine(engine, run_dir.root) as execute,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield execute, alone


def _as_workers_see(root: str, engine: EngineOptions) -> str:
    """Return the path of the run directory; workers elsewhere know no folder to start from."""
    elsewhere = engine.runner != "direct" and files.is_local(root)
    return os.path.abspath(root) if elsewhere else root.rstrip("/") or "/"


def _refuse_other_folder(run_dir: RunDirectory, *, overwrite: bool) -> None:
    """Refuse a folder that holds files but no run, for a run would mix with them.

    What is left of a run that was being overwritten can be overwritten.
    """
    _refuse_file(run_dir)
    record, sources = run_dir.record, run_dir.sources
    if files.exists(record) or files.exists(sources):
        return
    ours = {run_dir.path(name) for name in top_names()} if overwrite else set()
    found = (path for path in files.find_in(run_dir.root, "*") if path not in ours)
    others = [path for path in found if not is_traceback(path)]
    if others:
        raise UsageError(
            f"{run_dir.root} holds other files, such as {others[0]}: name a new folder"
        )


def _refuse_links(run_dir: RunDirectory) -> None:
    """Refuse symbolic links in the place of what a run writes and removes."""
    if not files.is_local(run_dir.root):
        return
    for path in map(run_dir.path, top_names()):
        if os.path.islink(path):
            raise UsageError(f"{path} is a symbolic link: remove it, or name another run directory")


def _refuse_file(run_dir: RunDirectory) -> None:
    if files.is_local(run_dir.root) and os.path.isfile(run_dir.root):
        raise UsageError(f"{run_dir.root} is a file: name a folder")
