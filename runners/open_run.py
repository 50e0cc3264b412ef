"""A run directory, locked for this launcher, with the engine that its phases run on."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..pipeline.lock import locked
from ..pipeline.options import EngineOptions
from ..pipeline.part import WHOLE, Part
from ..pipeline.phases import Run
from ..pipeline.record import NoRunError
from ..schemas.errors import UsageError
from ..schemas.run_directory import RunDirectory
from ..transforms import storage
from .engine import open_engine


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
    directory = RunDirectory(_as_workers_see(root, engine))
    if begin:
        _refuse_other_folder(directory, overwrite=overwrite)
    elif not storage.exists(directory.sources):
        raise NoRunError(directory.root)
    with (
        locked(directory, part) as alone,
        open_engine(engine) as execute,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        if overwrite:
            for name in _OURS:
                storage.remove(directory.path(name))

        models = 1 if engine.runner == "direct" else None
        yield Run(directory, execute, models, alone)


def _as_workers_see(root: str, engine: EngineOptions) -> str:
    """Return the path of the run directory; workers elsewhere know no folder to start from."""
    elsewhere = engine.runner != "direct" and storage.is_local(root)
    return os.path.abspath(root) if elsewhere else root.rstrip("/") or "/"


_OURS = (
    "run.json",
    "sources.parquet",
    "statistics.parquet",
    "statistics.index.npy",
    "plan.parquet",
    "accounting.parquet",
    "report.html",
    "scores",
    "answers",
    "captions",
    "selection",
    "rejections",
    "shards",
    "work",
)


def _refuse_other_folder(directory: RunDirectory, *, overwrite: bool) -> None:
    """Refuse a folder that holds files but no run, for a run would mix with them.

    What is left of a run that was being overwritten can be overwritten.
    """
    if storage.is_local(directory.root) and os.path.isfile(directory.root):
        raise UsageError(f"{directory.root} is a file: name a folder")
    record, sources = directory.record, directory.sources
    if storage.exists(record) or storage.exists(sources):
        return
    ours = {directory.path(name) for name in _OURS} if overwrite else set()
    others = [p for p in storage.find_in(directory.root, "*") if p not in ours]
    if others:
        raise UsageError(
            f"{directory.root} holds other files, such as {others[0]}: name a new folder"
        )
