"""INPUT arguments -> the source shards that they name."""

import os

import pyarrow as pa

from ...schemas.errors import UsageError
from ...schemas.source import Source, name_sources
from ...storage import files
from ...storage.find_inputs import find_inputs
from ...transforms.read.table_columns import ColumnsError, image_columns

_ARCHIVE, _TABLE = _KINDS = (".tar", ".parquet")


def find_sources(inputs: tuple[str, ...], image_col: str = "") -> list[Source]:
    """Return the shards that ``inputs`` name, each once, in the order in which they are named.

    An input is a tar, a table of images, a folder of these, a glob or a brace range. Raises
    UsageError for an input that names nothing that can be read.
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
        if not path.lower().endswith(_KINDS):
            raise UsageError(f"{path} is not a shard: name tars, or Parquet files with the images")
    return paths


def _message_for_nothing(pattern: str, argument: str) -> str:
    pattern = os.path.abspath(pattern) if files.is_local(pattern) else pattern
    if files.is_local(pattern) and os.path.isdir(pattern):
        return f"{pattern} holds no shards: neither {_ARCHIVE} nor {_TABLE} files"
    if pattern.endswith(argument):
        return f"no such input: {pattern}"
    return f"no such input: {pattern} (in {argument}; a folder or a glob takes what exists)"


def _shards_in(folder: str) -> list[str]:
    """Return the tars of a folder, or its tables if it has no tars, which they would describe."""
    return files.find_in(folder, f"*{_ARCHIVE}") or files.find_in(folder, f"*{_TABLE}")


def _require_images(path: str | None, image_col: str) -> None:
    """Raise UsageError for the table of a tar, or a list of urls: neither holds an image."""
    if path is None:
        return
    try:
        schema = files.read_schema(path)
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
