"""INPUT arguments -> the source shards that they name."""

import os
from collections.abc import Callable

import pyarrow as pa

from ...schemas.errors import UsageError
from ...schemas.source import Source, expand_braces, name_sources
from ...storage import files
from ...transforms.read.stored_samples import image_columns

_ARCHIVE, _TABLE = _KINDS = (".tar", ".parquet")
_WILDCARDS = frozenset("*?[")


def find_sources(inputs: tuple[str, ...]) -> list[Source]:
    """Return the shards that ``inputs`` name, each once, in the order in which they are named.

    An input is a tar, a table of images, a folder of these, a glob or a brace range. Raises
    UsageError for an input that names nothing that can be read.
    """
    paths = dict.fromkeys(path for argument in inputs for path in _expand(argument))
    return name_sources(list(paths))


def _expand(argument: str) -> list[str]:
    return [path for pattern in expand_braces(argument) for path in _match(pattern, argument)]


def _match(pattern: str, argument: str) -> list[str]:
    paths = find_files(pattern, _shards_in)
    if not paths:
        raise UsageError(_message_for_nothing(pattern, argument))
    for path in paths:
        if not path.endswith(_KINDS):
            raise UsageError(f"{path} is not a shard: name tars, or Parquet files with the images")
    _require_images(next((path for path in paths if path.endswith(_TABLE)), None))
    return paths


def _message_for_nothing(pattern: str, argument: str) -> str:
    pattern = os.path.abspath(pattern) if files.is_local(pattern) else pattern
    if files.is_local(pattern) and os.path.isdir(pattern):
        return f"{pattern} holds no shards: neither {_ARCHIVE} nor {_TABLE} files"
    if pattern.endswith(argument):
        return f"no such input: {pattern}"
    return f"no such input: {pattern} (in {argument}; a folder or a glob takes what exists)"


def find_files(pattern: str, files_in: Callable[[str], list[str]]) -> list[str]:
    """Return the file at a path, the matches of a glob, or ``files_in`` a folder.

    A file whose path looks like a glob is that file.
    """
    pattern = os.path.abspath(pattern) if files.is_local(pattern) else pattern
    files.require_access(pattern)
    if files.is_local(pattern) and os.path.isdir(pattern):
        return files_in(pattern)
    if files.exists(pattern):
        return [pattern]
    if _WILDCARDS & set(pattern):
        return files.find(pattern)
    return [] if files.is_local(pattern) else files_in(pattern.rstrip("/"))


def _shards_in(folder: str) -> list[str]:
    """Return the tars of a folder, or its tables if it has no tars, which they would describe."""
    return files.find_in(folder, f"*{_ARCHIVE}") or files.find_in(folder, f"*{_TABLE}")


def _require_images(path: str | None) -> None:
    """Raise UsageError for the table of a tar, or a list of urls: neither holds an image."""
    if path is None:
        return
    try:
        names = image_columns(files.read_schema(path))
    except (OSError, pa.ArrowException):
        return  # a damaged source is reported by the run, which reads the others
    if not names:
        raise UsageError(
            f"{path} holds no images: name the tars beside it, or download its urls first"
        )
