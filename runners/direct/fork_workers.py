"""Worker processes of this machine, forked from one that has imported what takes time.

It starts while the launcher imports the same, so this module imports nothing heavy itself.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from types import ModuleType

from .. import worker

_METHOD = "forkserver" if sys.platform == "linux" else "spawn"
_SAFE_PATH = "PYTHONSAFEPATH"


def begin_imports() -> None:
    """Start the process that workers are forked from, unless it runs; no worker starts yet."""
    if _METHOD != "forkserver":
        return
    forkserver.set_forkserver_preload([f"{__package__}.worker_imports"])
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"  # a folder that evenpair is called from holds none of its modules
    try:
        with _main_left_alone():
            forkserver.ensure_running()
    finally:
        os.environ.pop(_SAFE_PATH)
        if before is not None:
            os.environ[_SAFE_PATH] = before


def start_worker(arguments: Sequence[str], errors: str) -> BaseProcess:
    """Start ``evenpair-worker`` with ``arguments``; what it complains of goes to a file."""
    begin_imports()
    context = multiprocessing.get_context(_METHOD)
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]
        target=_become, args=(list(arguments), errors, dict(os.environ)), daemon=True
    )
    with _main_left_alone():
        process.start()
    return process


@contextmanager
def _main_left_alone() -> Iterator[None]:
    """Keep a process that starts in the block from running the launcher's main module again.

    Whoever calls evenpair from a script would have it call evenpair in every worker.
    """
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


def _become(arguments: list[str], errors: str, environment: Mapping[str, str]) -> None:
    os.setsid()  # Ctrl-C is for the launcher, which stops its workers
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
        os.kill(os.getpid(), signal.SIGKILL)
