"""Starting Python processes that import nothing from the current folder.

multiprocessing starts its processes, and one that tracks its resources, by ``python -c``, which puts
the current folder first in ``sys.path``: a file such as ``pickle.py`` that lies there would be run.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

_SAFE_PATH = "PYTHONSAFEPATH"


@contextmanager
def isolated_start() -> Iterator[None]:
    """Keep the current folder out of ``sys.path`` of processes that are started in the block."""
    variable, path = os.environ.get(_SAFE_PATH), sys.path[:]
    os.environ[_SAFE_PATH] = "1"
    sys.path[:] = _without_current_folder(path)  # multiprocessing hands it on to its processes
    try:
        yield
    finally:
        sys.path[:] = path
        os.environ.pop(_SAFE_PATH)
        if variable is not None:
            os.environ[_SAFE_PATH] = variable


def _without_current_folder(path: list[str]) -> list[str]:
    """Return ``path`` without the entry that ``python -c`` and ``python -m`` put first."""
    is_module = getattr(sys.modules["__main__"], "__spec__", None) is not None
    if is_module and not sys.flags.safe_path:
        path = path[1:]
    return [folder for folder in path if folder]


class _Process(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:  # noqa: ANN401, N802 - multiprocessing's
        with isolated_start():
            return SpawnProcess._Popen(process_obj)  # type: ignore[attr-defined]


class IsolatedContext(SpawnContext):
    """multiprocessing's context ``spawn`` with processes that are isolated."""

    Process = _Process  # type: ignore[assignment]
