"""How long something takes: CPU time, which a busy machine changes least, and time by the clock."""

import os
import resource
import time
from collections.abc import Callable
from typing import NamedTuple


class Taken(NamedTuple):
    """The seconds that something took."""

    cpu: float
    clock: float

    def less(self, other: "Taken") -> "Taken":
        return Taken(self.cpu - other.cpu, self.clock - other.clock)


def timed(way: Callable[[], object]) -> Taken:
    os.sync()
    cpu, clock = cpu_seconds(), time.perf_counter()
    way()
    return Taken(cpu_seconds() - cpu, time.perf_counter() - clock)


def cpu_seconds() -> float:
    """Return what this process and its children that ended have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
