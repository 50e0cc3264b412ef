"""The exception of a failed pipeline -> the one line that the user needs.

Beam reports a worker's exception as text: a Python traceback whose last line names the error.
Engines in Java append their own stack trace.
"""

import builtins
import re

from ..schemas.errors import EvenpairError, UsageError
from ..storage.parquet import DamagedTableError

_LAST_LINE = re.compile(
    r"^(?:[\w.]*\.)?(?P<name>\w+): (?:\[Errno \d+\] )?"
    r"(?P<message>.*?)(?: \[while running '[^']*'\])*$"
)
_JAVA = re.compile(r"\s+at |\s*\.\.\. \d+ more|\s*Suppressed: |\s*$")
_EXTERNAL = {UsageError.__name__, EvenpairError.__name__, DamagedTableError.__name__} | {
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, OSError)
}


def name_fault(error: BaseException) -> EvenpairError | None:
    """Return the fault of a file, service or option in ``error``; None for any other exception."""
    lines = f"{type(error).__name__}: {error}".strip().splitlines()
    python_lines = [line for line in lines if not _JAVA.match(line)]
    match = _LAST_LINE.match(python_lines[-1].removeprefix("RuntimeError: "))
    if match is None or match["name"] not in _EXTERNAL:
        return None
    kind = UsageError if match["name"] == UsageError.__name__ else EvenpairError
    return kind(match["message"])
