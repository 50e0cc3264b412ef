"""Errors that nobody expected: one line for the user, the traceback in a file."""

import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ...models.load_parser import ModelNotFoundError
from ...schemas.errors import EvenpairError

_EXPECTED = (EvenpairError, ModelNotFoundError, OSError, click.ClickException, click.Abort)
_LONGEST = 300
_PREFIX, _SUFFIX = "traceback-", ".txt"
_MEMORY = re.compile(
    r"\b(?:Arrow)?MemoryError\b|OutOfMemoryError|can't start new thread|Cannot allocate memory"
    r"|can't allocate memory|failed to map segment|bad_alloc|Out of Memory Error"
)
"""How Python, Arrow, torch, DuckDB and the system report that there is no more memory."""


@contextmanager
def traceback_kept_in(folder: str) -> Iterator[None]:
    """Turn an unexpected error of the block into an EvenpairError, its traceback in ``folder``."""
    try:
        yield
    except _EXPECTED:
        raise
    except Exception as error:
        raise unexpected_error(error, folder) from error


def is_traceback(path: str) -> bool:
    """Return whether a file of a run directory is one that ``unexpected_error`` writes."""
    name = os.path.basename(path)
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def memory_fault(error: BaseException) -> EvenpairError | None:
    """Return the error to show where memory, or the room for a thread, has run out."""
    reasons = [type(error).__name__, *str(error).splitlines()[-1:]]
    match = next(filter(None, map(_MEMORY.search, reasons)), None)
    if match is None:
        return None
    return EvenpairError(
        f"out of memory ({match[0]}): take fewer --workers, or raise the limit of this process "
        "(ulimit -v) or container; the same command continues from here"
    )


def unexpected_error(error: Exception, folder: str) -> EvenpairError:
    """Write the traceback of ``error`` to a file, and return the error to show for it.

    The file lies in ``folder``, or among the temporary files if that cannot be written. Where
    memory has run out, none is written.
    """
    if (fault := memory_fault(error)) is not None:
        return fault
    folder = folder if os.path.isdir(folder) and os.access(folder, os.W_OK) else ""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix=_PREFIX,
        suffix=_SUFFIX,
        dir=folder or tempfile.gettempdir(),
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        file.writelines(traceback.format_exception(error))
    lines = str(error).strip().splitlines() or ["no message"]
    message = f"{type(error).__name__}: {lines[-1]}"[:_LONGEST]
    return EvenpairError(f"unexpected error: {message} (the traceback is in {file.name})")
