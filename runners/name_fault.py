"""What a failed pipeline raises -> the one line of it that a user is told.

Beam gives what a worker raised as text: a traceback whose last line names the error, and behind it,
from engines in Java, where that was when they heard of it.
"""

import builtins
import re

from ..schemas.errors import EvenpairError, UsageError

_LAST_LINE = re.compile(
    r"^(?:[\w.]*\.)?(?P<name>\w+): (?:\[Errno \d+\] )?(?P<said>.*?)(?: \[while running '[^']*'\])*$"
)
_JAVA = re.compile(r"\s+at |\s*\.\.\. \d+ more|\s*Suppressed: |\s*$")
_OUTSIDE = {UsageError.__name__, EvenpairError.__name__} | {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, OSError)
}


def name_fault(error: BaseException) -> EvenpairError | None:
    """Return what lies outside evenpair in ``error``, None if it is a fault of evenpair's own."""
    lines = f"{type(error).__name__}: {error}".strip().splitlines()
    said = [line for line in lines if not _JAVA.match(line)]
    match = _LAST_LINE.match(said[-1].removeprefix("RuntimeError: "))
    if match is None or match["name"] not in _OUTSIDE:
        return None
    kind = UsageError if match["name"] == UsageError.__name__ else EvenpairError
    return kind(match["said"])
