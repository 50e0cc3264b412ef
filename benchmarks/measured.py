"""What a command costs: seconds, CPU time, memory and bytes, its worker processes included."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

EVENPAIR = str(Path(sys.executable).with_name("evenpair"))
_POLL_SECONDS = 0.1
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took from its start to its end."""

    seconds: float
    cpu_seconds: float
    launcher_mb: float
    """The most memory that the first process had."""
    together_mb: float
    """The most memory that all processes had at the same time."""
    read_mb: float
    written_mb: float
    """What went through the system's calls for reading and writing, cached or not."""

    def __sub__(self, other: "Cost") -> "Cost":
        """Return what this command took more than another; memory is not subtracted."""
        return Cost(
            self.seconds - other.seconds,
            self.cpu_seconds - other.cpu_seconds,
            self.launcher_mb,
            self.together_mb,
            self.read_mb - other.read_mb,
            self.written_mb - other.written_mb,
        )


def measure(command: Sequence[str]) -> Cost:
    """Run ``command`` to its end and return its cost. Raises RuntimeError if it fails."""
    os.sync()
    before = psutil.Process().io_counters()
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    launcher = together = 0
    ended = 0
    while not ended:
        time.sleep(_POLL_SECONDS)
        own, all_of_them = _memory(process.pid)
        launcher, together = max(launcher, own), max(together, all_of_them)
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    after = psutil.Process().io_counters()  # those of children that ended are added
    return Cost(
        seconds,
        used.ru_utime + used.ru_stime,
        launcher / _MB,
        together / _MB,
        (after.read_chars - before.read_chars) / _MB,
        (after.write_chars - before.write_chars) / _MB,
    )


def evenpair(*arguments: object) -> Cost:
    """Measure an evenpair command."""
    return measure([EVENPAIR, *map(str, arguments)])


def _memory(pid: int) -> tuple[int, int]:
    """Return the resident bytes of a process, and of it and its descendants together."""
    try:
        first = psutil.Process(pid)
        own = _resident(first)
        return own, own + sum(map(_resident, first.children(recursive=True)))
    except psutil.Error:
        return 0, 0


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
