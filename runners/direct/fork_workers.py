"""Worker processes on this machine, forked from a server that has imported the heavy modules.

The server imports them while the launcher does the same, so this module imports nothing heavy.
"""

import atexit
import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from types import ModuleType

from .. import worker
from .isolate import isolated_start

_METHOD = "forkserver" if sys.platform == "linux" else "spawn"


def begin_imports() -> None:
    """Start the server that workers are forked from, unless it is running. No worker starts yet."""
    if _METHOD != "forkserver":
        return
    forkserver.set_forkserver_preload([f"{__package__}.worker_imports"])
    with isolated_start(), _without_main():
        forkserver.ensure_running()


def start_worker(arguments: Sequence[str], errors: str) -> BaseProcess:
    """Start ``evenpair-worker`` with ``arguments``; its standard error goes to a file."""
    begin_imports()
    context = multiprocessing.get_context(_METHOD)
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]
        target=_become, args=(list(arguments), errors, dict(os.environ)), daemon=True
    )
    with isolated_start(), _without_main():
        process.start()
    return process


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep processes that start in the block from importing the launcher's main module.

    A script that calls evenpair would otherwise call it in every worker again.
    """
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _become(arguments: list[str], errors: str, environment: Mapping[str, str]) -> None:
    os.setsid()  # Ctrl-C reaches the launcher only, which stops its workers
    atexit._clear()  # those of the server that this is forked from
    threading.Thread(target=_die_with_launcher, daemon=True).start()
    os.environ.update(environment)
    for path, descriptor in ((os.devnull, 1), (errors, 2)):
        with open(path, "wb") as file:
            os.dup2(file.fileno(), descriptor)
    sys.argv = ["evenpair-worker", *arguments]
    worker.main()


def _die_with_launcher() -> None:
    launcher = multiprocessing.parent_process()
    if launcher is not None:
        launcher.join()
        worker.end_process()
