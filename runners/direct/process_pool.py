"""Pools of processes on this machine for work outside Beam; they are spawned, not forked."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from ...storage import remote as remote_storage
from .isolate import IsolatedContext, isolated_start
from .stopped_processes import LOOK_SECONDS, StoppedProcesses


def pool_maker(beam: tuple[str, ...]) -> Callable[[int], Executor]:
    """Return a function: number of processes, 0 for one each core -> pool with Beam's options."""

    def make(workers: int) -> Executor:
        with isolated_start():  # multiprocessing's tracker of resources starts here
            return _WatchedPool(
                workers or os.cpu_count(),
                mp_context=IsolatedContext(),
                initializer=_start,
                initargs=(beam,),
            )

    return make


class _WatchedPool(ProcessPoolExecutor):
    """A pool that reports processes that are stopped."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._closing = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        future = super().submit(*arguments, **options)
        if not self._watcher.is_alive() and not self._closing.is_set():
            self._watcher.start()
        return future

    def shutdown(self, *arguments: Any, **options: Any) -> None:
        self._closing.set()
        super().shutdown(*arguments, **options)

    def _watch(self) -> None:
        stopped = StoppedProcesses()
        while not self._closing.wait(LOOK_SECONDS):
            for pid in list(self._processes or ()):
                stopped.look(pid)


def _start(beam: tuple[str, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher handles it and ends the pool
    if beam:
        remote_storage.use_options(beam)
