"""INPUT arguments -> the source shards that they name."""

import os
import posixpath
from collections import Counter

import pyarrow as pa

from ...schemas.errors import UsageError
from ...schemas.source import Source, name_sources
from ...storage import files, parquet
from ...storage.find_inputs import find_inputs
from ...transforms.read.image_folder import (
    METADATA,
    count_suffixes,
    count_unread,
    find_image_folders,
)
from ...transforms.read.table_columns import ColumnsError, image_columns

_ARCHIVE, _TABLE = _KINDS = (".tar", ".parquet")
_UNPACK = {
    ".tar.gz": "gunzip -k",
    ".tgz": "gunzip -k",
    ".tar.zst": "unzstd",
    ".tar.bz2": "bunzip2 -k",
    ".tar.xz": "unxz -k",
}
"""The commands that unpack compressed tars and leave them where they are."""


def find_sources(inputs: tuple[str, ...], image_col: str = "") -> list[Source]:
    """Return the shards that ``inputs`` name, each once, in the order in which they are named.

    An input is a tar, a table of images, a folder of these or of images, a glob or a brace
    range. Raises UsageError for an input that names nothing that can be read.
    """
    paths = list(dict.fromkeys(path for argument in inputs for path in _expand(argument)))
    _require_images(next((path for path in paths if _is_table(path)), None), image_col)
    return name_sources(paths, image_col)


def _expand(argument: str) -> list[str]:
    shards = find_inputs(argument, _shards_in)
    return [path for pattern in shards for path in _checked(shards[pattern], pattern, argument)]


def _is_table(path: str) -> bool:
    return path.lower().endswith(_TABLE)


def _checked(paths: list[str], pattern: str, argument: str) -> list[str]:
    if not paths:
        raise UsageError(_message_for_nothing(pattern, argument))
    for path in paths:
        if not path.lower().endswith((*_KINDS, "/")):
            raise UsageError(_message_for_other(path))
    return paths


def _message_for_other(path: str) -> str:
    packed = next((end for end in _UNPACK if path.lower().endswith(end)), None)
    if packed is None:
        return f"{path} is not a shard: name tars, Parquet files with the images, or a folder"
    return (
        f"{path} is compressed, and evenpair reads samples where they lie in a tar: unpack it with "
        f"{_UNPACK[packed]}, and name the .tar"
    )


def _message_for_nothing(pattern: str, argument: str) -> str:
    pattern = os.path.abspath(pattern) if files.is_local(pattern) else pattern
    if files.is_local(pattern) and os.path.isdir(pattern):
        paths = [path for path in files.find_in(pattern, "*") if path.lower().endswith((*_UNPACK,))]
        if paths:
            return _message_for_other(paths[0])
        return f"{pattern} holds no shards: neither {_ARCHIVE} nor {_TABLE} files, nor images"
    if pattern.endswith(argument):
        return f"no such input: {pattern}"
    return f"no such input: {pattern} (in {argument}; a folder or a glob takes what exists)"


def _shards_in(folder: str) -> list[str]:
    """Return the tars of a folder, or its tables if it has no tars, which they would describe.

    Without either, it is a folder of images if it holds some, in subfolders too.
    """
    paths = files.find_in(folder, "*")
    tables = _ending(paths, _TABLE)
    shards = _ending(paths, _ARCHIVE) or [
        t for t in tables if posixpath.basename(t) not in METADATA
    ]
    return shards or find_image_folders(folder) or tables


def _ending(paths: list[str], suffix: str) -> list[str]:
    return [path for path in paths if path.lower().endswith(suffix)]


def unread_notes(inputs: tuple[str, ...]) -> list[str]:
    """Return a line for each folder among ``inputs`` with files that are not read, by suffix."""
    notes: list[str] = []

    def note(folder: str) -> list[str]:
        counts = _count_unread(folder)
        if counts:
            parts = (f"{n} {suffix or 'without suffix'}" for suffix, n in sorted(counts.items()))
            notes.append(f"{folder}: files that are not read: {', '.join(parts)}")
        return []

    for argument in inputs:
        find_inputs(argument, note)
    return notes


def _count_unread(folder: str) -> Counter[str]:
    shards = _shards_in(folder)
    if any(path.endswith("/") for path in shards):
        return count_unread(folder)
    stems = {posixpath.splitext(path)[0] for path in shards}
    of_shards = {f"{stem}{end}" for stem in stems for end in (_TABLE, "_stats.json")}
    known = {*shards, *of_shards, f"{folder.rstrip('/')}/sizes.json"}
    others = (path for path in files.find_in(folder, "*") if path not in known)
    return count_suffixes(p for p in others if not (files.is_local(p) and os.path.isdir(p)))


def _require_images(path: str | None, image_col: str) -> None:
    """Raise UsageError for the table of a tar, or a list of urls: neither holds an image."""
    if path is None:
        return
    try:
        schema = parquet.read_schema(path)
        names = image_columns(schema, image_col)
    except ColumnsError as error:
        raise UsageError(f"{path}: {error}") from error
    except (OSError, pa.ArrowException):
        return  # a damaged source is reported by the run, which reads the others
    if not names and image_col:
        raise UsageError(
            f"--image-col {image_col}: {path} has no such column of images; "
            f"its columns are {', '.join(schema.names)}"
        )
    if not names:
        raise UsageError(
            f"{path} holds no images: name the tars beside it, or download its urls first"
        )
