"""Processes of this machine for work that is no pipeline: quiet, and fresh ones, not forked."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor

from ...storage import remote as remote_storage


def pool_maker(beam: tuple[str, ...]) -> Callable[[int], Executor]:
    """Return what makes a pool of processes, 0 for one each core, that know Beam's options."""

    def make(workers: int) -> Executor:
        return ProcessPoolExecutor(
            workers or os.cpu_count(),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(beam,),
        )

    return make


def _begin(beam: tuple[str, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the launcher hears it, and ends them
    if beam:
        remote_storage.use_options(beam)
