"""The failure of a job inside an engine -> one line, with the whole report in a file."""

import re
import traceback

import grpc

from ..pipeline.runs.work import Work
from ..schemas.errors import EvenpairError
from ..schemas.run_tables import WORK
from ..storage import files

REPORT = "engine-error.txt"
_CAUSE = re.compile(r"^\s*Caused by: (?P<cause>.+)$", re.MULTILINE)
_CLASS = re.compile(r"^(?:[\w$]+\.)+(?P<name>[\w$]+)(?:: (?P<message>.+))?$")
_STACK = re.compile(r"\s+at |\s*\.\.\. \d+ more|Traceback \(most recent call last\):|\s+")


def engine_fault(work: Work, error: Exception, log: str) -> EvenpairError:
    """Return the one line about a job that failed, and write the whole error to a file.

    ``log`` says where the engine's own log is.
    """
    cause = first_cause(error)
    path = _write_report(work, error)
    report = f"; the whole error is in {path}" if path else ""
    return EvenpairError(
        f"{work.phase} failed in the engine: {cause}. Its log: {log}{report}. "
        "The same command continues from here"
    )


def first_cause(error: Exception) -> str:
    """Return the engine's own first cause: the innermost of a chain of Java's exceptions."""
    if isinstance(error, grpc.RpcError):
        return _status(error)
    text = str(error)
    causes = [match["cause"].strip() for match in _CAUSE.finditer(text)]
    if causes and "Traceback (most recent call last)" not in text:
        return _without_class(causes[-1])
    lines = [line.strip() for line in text.splitlines() if line and not _STACK.match(line)]
    python = [line for line in lines if not line.startswith("Caused by: ")]
    last = python[-1] if python and len(python) > 1 else (lines or [type(error).__name__])[0]
    return _without_class(last)


def _status(error: grpc.RpcError) -> str:
    """Return the status of a call of the job server, which may have no details."""
    status = error.code().name if hasattr(error, "code") else type(error).__name__
    details = (error.details() or "").strip() if hasattr(error, "details") else ""
    first = details.splitlines()[0] if details else "it gave no reason"
    return f"the job server answered {status}: {first}"


def _without_class(cause: str) -> str:
    match = _CLASS.match(cause.split("\n")[0])
    if match is None:
        return cause
    return match["message"] or match["name"]


def _write_report(work: Work, error: Exception) -> str:
    """Write the error to the run directory and return the path, or nothing if that fails, too."""
    path = work.run_dir.path(WORK, REPORT)
    try:
        files.write_bytes(path, "".join(traceback.format_exception(error)).encode())
    except (OSError, EvenpairError):
        return ""
    return path
