"""Starting Python processes that import nothing from the current folder.

multiprocessing starts its processes, and one that tracks its resources, by ``python -c``, which
puts the current folder first in ``sys.path``: a ``pickle.py`` that lies there would be run.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_SAFE_PATH = "PYTHONSAFEPATH"
_PACKAGE_FOLDER = str(Path(__file__).parents[3])
"""The folder that evenpair was imported from."""


@contextmanager
def safe_path() -> Iterator[None]:
    """Have a Python that starts in the block leave the current folder out of its ``sys.path``."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        os.environ.pop(_SAFE_PATH)
        if before is not None:
            os.environ[_SAFE_PATH] = before


@contextmanager
def isolated_start() -> Iterator[None]:
    """Do the same for multiprocessing, which gives its processes the ``sys.path`` of this one."""
    before = sys.path[:]
    sys.path[:] = _without_current_folder(before)
    try:
        with safe_path():
            yield
    finally:
        sys.path[:] = before


def _without_current_folder(path: list[str]) -> list[str]:
    """Return ``path`` without the entry that ``python -c`` and ``python -m`` put first.

    If evenpair itself was imported by it, it comes last, where it hides no other module.
    """
    is_module = getattr(sys.modules["__main__"], "__spec__", None) is not None
    first = 1 if is_module and not sys.flags.safe_path else 0
    kept = [folder for folder in path[first:] if folder]
    imported_there = _PACKAGE_FOLDER in map(os.path.abspath, path)
    return kept if _PACKAGE_FOLDER in kept or not imported_there else [*kept, _PACKAGE_FOLDER]


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: ANN401, N802 - multiprocessing's
        with isolated_start():
            return SpawnProcess._Popen(process_obj)


class IsolatedContext(SpawnContext):
    """multiprocessing's context ``spawn``, whose processes do not see the current folder."""

    Process = _Process
