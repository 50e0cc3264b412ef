"""Table and keys -> the rows of these keys as samples with their bytes, in the table's order."""

import posixpath
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import EvenpairError
from ...schemas.sample import IMAGE_FIELDS, Sample
from ...schemas.source import Source
from ...storage import parquet
from .check_image import SMALLEST, image_field
from .fit_types import with_valid_text
from .json_values import as_json
from .payload import OutsideError, Payload, StoredSample, Stretch, file_below, read_file
from .read_table import row_keys
from .table_columns import ColumnsError, TableColumns, choose_columns

_ROWS = 64
_UNSAFE = re.compile(r"[^a-z0-9_-]+")


def read_rows(source: Source, keys: Container[str]) -> Iterator[StoredSample]:
    """Yield the rows of a table as samples; only row groups that hold one of ``keys`` are read.

    A row without an image says why. Raises EvenpairError if the table has no column of images.
    """
    with parquet.open_table(source.path) as file:
        try:
            columns = choose_columns(file.schema_arrow, source.image_col)
        except ColumnsError as error:
            raise EvenpairError(f"{source.path}: {error}") from error
        first = 0
        for group in range(file.num_row_groups):
            rows = range(first, first + file.metadata.row_group(group).num_rows)
            table = file.read_row_group(group, columns=[columns.key] if columns.key else [])
            if any(key in keys for key in row_keys(table, rows, columns.key).to_pylist()):
                yield from _rows_of(source, file, columns, group, first)
            first = rows.stop


def _rows_of(
    source: Source, file: pq.ParquetFile, columns: TableColumns, group: int, first: int
) -> Iterator[StoredSample]:
    of_files = [*columns.images, *columns.payloads]
    for batch in file.iter_batches(_ROWS, row_groups=[group], use_threads=False):
        table = pa.Table.from_batches([batch])
        rows = range(first, first + table.num_rows)
        keys = row_keys(table, rows, columns.key).to_pylist()
        fields = with_valid_text(table.drop_columns(of_files)).to_pylist()
        for at, key in enumerate(keys):
            sample: StoredSample = Sample(key or "")
            cells = {name: table[name][at] for name in of_files}
            add_image(sample, source.path, {name: cells[name] for name in columns.images})
            for name in columns.payloads:
                _add_payload(sample, name, cells[name], columns)
            sample.members["json"] = as_json(_own_fields(fields[at], columns))
            yield sample
        first = rows.stop


def add_image(sample: StoredSample, table_path: str, cells: Mapping[str, pa.Scalar]) -> None:
    """Add the images of a row, in ``cells`` by column, to its sample, or else why there is none.

    Bytes that are null may be in a file beside the table, by the struct's ``path``.
    """
    for name, cell in cells.items():
        content: Payload | None = _content(cell)
        if content is None and sample.members:
            continue
        if content is None:
            content, sample.missing = _beside(table_path, name, cell)
        if content is not None:
            own = name in IMAGE_FIELDS
            sample.members[name if own else image_field(_start(content))] = content
    if sample.members:
        sample.missing = ""


def _content(cell: pa.Scalar) -> memoryview | None:
    """Return the bytes of a file in a cell, of a struct those of its ``bytes``."""
    content = cell["bytes"] if cell.is_valid and pa.types.is_struct(cell.type) else cell
    return memoryview(content.as_buffer()) if content.is_valid else None


def _beside(table_path: str, name: str, cell: pa.Scalar) -> tuple[Payload | None, str]:
    """Return the file that a struct's ``path`` names beside the table, or why there is none."""
    path = _path(cell)
    if path is None:
        return None, f"its {name} is null"
    folder = posixpath.dirname(table_path)
    try:
        return read_file(file_below(folder, path)), ""
    except OutsideError as error:
        return None, f"its {name} has no bytes, only a path, and {error}"


def _path(cell: pa.Scalar) -> str | None:
    if not cell.is_valid or not pa.types.is_struct(cell.type):
        return None
    if cell.type.get_field_index("path") < 0 or not cell["path"].is_valid:
        return None
    try:
        path = cell["path"].as_py()
    except UnicodeDecodeError:
        return None
    return path if isinstance(path, str) and path else None


def _add_payload(sample: StoredSample, name: str, cell: pa.Scalar, columns: TableColumns) -> None:
    """Add another file of a row: under its column's name, with a suffix where that has none."""
    content = _content(cell)
    if content is None:
        return
    field = _UNSAFE.sub("_", name.lower()) if not columns.from_webdataset else name.lower()
    suffix = "" if columns.from_webdataset else _suffix(cell, content)
    sample.members.setdefault(f"{field}{suffix}", content)


def _suffix(cell: pa.Scalar, content: memoryview) -> str:
    return f".{image_field(_start(content))}" if pa.types.is_struct(cell.type) else ".bin"


def _start(content: Payload) -> bytes:
    return b"" if isinstance(content, Stretch) else bytes(content[:SMALLEST])


def _own_fields(fields: dict[str, Any], columns: TableColumns) -> dict[str, Any]:
    """Return the fields of a row; of a WebDataset sample those of its JSON, and further columns."""
    if not columns.from_webdataset:
        return fields
    inner = fields.pop("json", None)
    own = {n: v for n, v in fields.items() if n not in (columns.key, "txt")}
    if not isinstance(inner, dict):
        return own if inner is None else {**own, "json": inner}
    return {**own, **{name: value for name, value in inner.items() if value is not None}}
