"""Errors that nobody expected: one line for the user, the traceback in a file."""

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ...models.load_parser import ModelNotFoundError
from ...schemas.errors import EvenpairError

_EXPECTED = (EvenpairError, ModelNotFoundError, OSError, click.ClickException, click.Abort)
_LONGEST = 300


@contextmanager
def traceback_kept_in(folder: str) -> Iterator[None]:
    """Turn an unexpected error of the block into an EvenpairError, its traceback in ``folder``."""
    try:
        yield
    except _EXPECTED:
        raise
    except Exception as error:
        raise unexpected_error(error, folder) from error


def unexpected_error(error: Exception, folder: str) -> EvenpairError:
    """Write the traceback of ``error`` to a file, and return the error to show for it.

    The file lies in ``folder``, or among the temporary files if that cannot be written.
    """
    folder = folder if os.path.isdir(folder) and os.access(folder, os.W_OK) else ""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix="traceback-",
        suffix=".txt",
        dir=folder or tempfile.gettempdir(),
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        file.writelines(traceback.format_exception(error))
    lines = str(error).strip().splitlines() or ["no message"]
    message = f"{type(error).__name__}: {lines[-1]}"[:_LONGEST]
    return EvenpairError(f"unexpected error: {message} (the traceback is in {file.name})")
