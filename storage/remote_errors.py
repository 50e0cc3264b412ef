"""Errors of Beam's file systems -> OSError or EvenpairError, with a message of one line."""

import contextlib
from collections.abc import Iterator

from ..schemas.errors import EvenpairError, UsageError

_NO_BUCKET = ("NoSuchBucket", "bucket does not exist")
_EXTRAS = {"s3": "aws", "gs": "gcp", "hdfs": "hdfs", "azfs": "azure"}
_MISSING_LIBRARY = ("install", "dependenc", "is not defined")
"""One of these is in the message of a file system whose library is not installed."""


@contextlib.contextmanager
def translated_errors(path: str) -> Iterator[None]:
    """Translate every error of the block; messages begin with ``path``.

    Raises FileNotFoundError for a missing file, UsageError for a missing library, EvenpairError
    where the file system cannot be used, OSError for the rest.
    """
    try:
        yield
    except EvenpairError:
        raise
    except Exception as error:  # Beam's file systems raise the errors of many libraries
        cause = _cause(error)
        if any(text in str(cause) for text in _NO_BUCKET):
            raise EvenpairError(f"{path}: there is no such bucket") from error
        if isinstance(cause, FileNotFoundError) or getattr(cause, "code", None) == 404:
            raise FileNotFoundError(f"{path}: there is no such file") from error
        message = f"{path}: {_advice(path, _message(cause))}"
        if "pip install" in message:
            raise UsageError(message) from error
        if isinstance(cause, RuntimeError | ImportError | ValueError):
            raise EvenpairError(message) from error
        raise OSError(message) from error


def _cause(error: Exception) -> Exception:
    """Return the error behind one of Beam's, which holds an error for each path."""
    details = getattr(error, "exception_details", None) or {}
    causes = [cause for cause in details.values() if isinstance(cause, Exception)]
    return _cause(causes[0]) if causes else error


def _message(error: Exception) -> str:
    """Return the message of an error in one line, without the path that some begin with."""
    text = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return " ".join(text.split())


def _advice(path: str, message: str) -> str:
    scheme = path.partition("://")[0]
    if "credentials" in message:
        option = f" (see --{scheme}_access_key_id, after --)" if scheme == "s3" else ""
        return message + option
    if scheme in _EXTRAS and any(word in message for word in _MISSING_LIBRARY):
        return f"needs what pip install 'evenpair[{_EXTRAS[scheme]}]' installs"
    if "Unable to get filesystem" in message:
        return f"no file system is known for {scheme}://"
    return message
