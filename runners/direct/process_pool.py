"""Pools of processes on this machine for work outside Beam; they are spawned, not forked."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor

from ...storage import remote as remote_storage


def pool_maker(beam: tuple[str, ...]) -> Callable[[int], Executor]:
    """Return a function: number of processes, 0 for one each core -> pool with Beam's options."""

    def make(workers: int) -> Executor:
        return ProcessPoolExecutor(
            workers or os.cpu_count(),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(beam,),
        )

    return make


def _start(beam: tuple[str, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher handles it and ends the pool
    if beam:
        remote_storage.use_options(beam)
