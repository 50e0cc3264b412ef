"""The limit of a process's address space (``ulimit -v``), checked before it can be reached.

C++ libraries that cannot start a thread, or load another library, abort their process without a
line about memory.
"""

import resource

from ..schemas.errors import EvenpairError

ONE_PROCESS = 1280 << 20
"""What one process needs for its libraries and the parser, in bytes."""

WITH_WORKERS = 3 << 30
"""What a launcher needs that serves worker processes: the stacks of its threads count, too."""


def require_address_space(least: int = ONE_PROCESS) -> None:
    """Raise EvenpairError if the limit of this process is below ``least`` bytes."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < least:
        fewer = "" if least == ONE_PROCESS else " or take --workers 1,"
        raise EvenpairError(
            f"out of memory: the limit of this process's address space is {limit >> 20} MiB, and "
            f"{least >> 20} are needed: raise it (ulimit -v),{fewer} or bound the memory of a "
            "container instead"
        )
