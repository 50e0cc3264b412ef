"""What a command costs: seconds, CPU time, memory and bytes, its worker processes included."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

EVENPAIR = str(Path(sys.executable).with_name("evenpair"))
_POLL_SECONDS = 0.1
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took from its start to its end.

    Each process is looked at ten times a second; what it does after the last look is not counted.
    """

    seconds: float
    cpu_seconds: float
    launcher_mb: float
    """The most memory that the first process had."""
    together_mb: float
    """The most memory that all processes had at the same time."""
    read_mb: float
    written_mb: float
    """What went through the system's calls for reading and writing, cached or not."""
    longest_seconds: float
    """The CPU time of the first process and of the busiest of its workers: what the command takes
    by the clock where a core is free for each, and they do not wait for each other."""

    def __sub__(self, other: "Cost") -> "Cost":
        """Return what this command took more than another; memory is not subtracted."""
        return Cost(
            self.seconds - other.seconds,
            self.cpu_seconds - other.cpu_seconds,
            self.launcher_mb,
            self.together_mb,
            self.read_mb - other.read_mb,
            self.written_mb - other.written_mb,
            self.longest_seconds - other.longest_seconds,
        )


def measure(command: Sequence[str]) -> Cost:
    """Run ``command`` to its end and return its cost. Raises RuntimeError if it fails."""
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    launcher = together = ended = 0
    last: dict[int, _Seen] = {}
    while not ended:
        time.sleep(_POLL_SECONDS)
        seen = _look(process.pid)
        launcher = max(launcher, seen.get(process.pid, _NOTHING).memory)
        together = max(together, sum(one.memory for one in seen.values()))
        last |= seen
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    own = last.pop(process.pid, _NOTHING)
    workers = [one.seconds for one in last.values()]
    return Cost(
        seconds,
        max(used.ru_utime + used.ru_stime, own.seconds + sum(workers)),
        launcher / _MB,
        together / _MB,
        sum(one.read for one in (own, *last.values())) / _MB,
        sum(one.written for one in (own, *last.values())) / _MB,
        own.seconds + max(workers, default=0.0),
    )


def evenpair(*arguments: object) -> Cost:
    """Measure an evenpair command."""
    return measure([EVENPAIR, *map(str, arguments)])


class _Seen(NamedTuple):
    """The resident bytes of a process, its CPU seconds, and the bytes it read and wrote by now."""

    memory: int
    seconds: float
    read: int
    written: int


_NOTHING = _Seen(0, 0.0, 0, 0)


def _look(pid: int) -> dict[int, _Seen]:
    """Return what a process and its descendants have by now; those that are gone are left out."""
    found: dict[int, _Seen] = {}
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                used, io = process.cpu_times(), process.io_counters()
                seconds = used.user + used.system
                memory = process.memory_info().rss
                found[process.pid] = _Seen(memory, seconds, io.read_chars, io.write_chars)
    return found
