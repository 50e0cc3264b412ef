"""Rows of a table -> Unit of pairs; its columns of images are not read."""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.errors import first_line
from ...schemas.other_fields import with_columns, with_other_fields
from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.printable import printable
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import is_safe_key
from ...schemas.source import Source
from ...schemas.tables import PAIRS
from ...schemas.unit import Tally, Unit
from ...storage import parquet
from .fit_types import fit_column, is_text, loses_values, with_plain_types, with_valid_text
from .table_columns import (
    ColumnsError,
    TableColumns,
    caption_column,
    choose_columns,
    with_json_fields,
)
from .texts import CAPTION_FIELDS, CAPTIONS_RAW, choose_text

_KEY = "key"
_SUCCESS, _FAILED = "success", "failed_"


def read_image_table(
    source: Source, successes: int | None, caption_field: str, choice: str = "first"
) -> Unit:
    """Read the pairs of a table of images; rows that failed to download are not pairs.

    ``choice`` says how one of several captions is chosen. A table without a column of images or of
    captions is a fault, and so are captions without any text.
    """
    try:
        with parquet.open_table(source.path) as file:
            columns = choose_columns(file.schema_arrow, source.image_col)
            caption = caption_column(file.schema_arrow, columns.images, caption_field)
            rows = _read_rows(file, columns, caption)
    except ColumnsError as error:
        return _unread(source, str(error))
    except pa.ArrowException as error:
        return _unread(source, f"it is not a complete Parquet file: {first_line(error)}")
    if caption is None:
        wanted, names = ", ".join(CAPTION_FIELDS), printable(", ".join(rows.column_names[:16]))
        return _unread(
            source,
            f"it has no column of captions ({wanted}): name one with --caption-field, "
            f"its columns are {names}",
        )
    pairs, rejections = _reject_bad_keys(source, succeeded(rows))
    table = pairs_of_rows(source, pairs, caption, choice)
    fault = _fault_of_captions(source, table, caption)
    tally = Tally(table.num_rows + len(rejections), successes, fault)
    return Unit(source, table, tally, tuple(rejections))


def _read_rows(file: pq.ParquetFile, columns: TableColumns, caption: str | None) -> pa.Table:
    """Return the columns that hold no files, with a last one of keys, the texts valid UTF-8."""
    skipped = {*columns.images, *columns.payloads} - {caption}
    names = [name for name in file.schema_arrow.names if name not in skipped]
    table = with_valid_text(with_plain_types(file.read(names)))
    keys = row_keys(table, range(file.metadata.num_rows), columns.key)
    table = table.drop_columns([columns.key] if columns.key is not None else [])
    if _KEY in table.column_names:  # a column that cannot name rows
        at, name = table.column_names.index(_KEY), f"source_{_KEY}"
        while name in table.column_names:
            name = f"source_{name}"
        table = table.set_column(at, name, table[_KEY])
    return with_columns(with_json_fields(table), {_KEY: pa.chunked_array([keys])})


def _fault_of_captions(source: Source, table: pa.Table, name: str) -> str | None:
    has_text = pc.any(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(table["caption"])), 0))
    if table.num_rows == 0 or has_text.as_py():
        return None
    return (
        f"{source.path}: its column {name!r} has no caption in any of {table.num_rows} rows: "
        "name another with --caption-field"
    )


def row_keys(table: pa.Table, rows: range, key: str | None) -> pa.Array:
    """Return the keys of ``rows`` of a table: their numbers where it has no column ``key``."""
    if key is None:
        return pa.array([f"{row:09d}" for row in rows], pa.string())
    keys = with_valid_text(table.select([key]))[key].cast(pa.string())
    return keys.combine_chunks()


def repeated_columns(schema: pa.Schema) -> list[str]:
    """Return the names that several columns of a table have."""
    return [name for name, count in Counter(schema.names).items() if count > 1]


def succeeded(table: pa.Table) -> pa.Table:
    """Return the rows of ``table`` that were downloaded: all of them if it has no status."""
    mask = are_downloaded(table)
    return table if mask is None else table.filter(mask)


def are_downloaded(table: pa.Table) -> pa.ChunkedArray | None:
    """Return whether each row was downloaded, None if the table does not say.

    A column ``status`` that never says what img2dataset would is a field as any other.
    """
    if "status" not in table.column_names or not is_text(table["status"].type):
        return None
    status = table["status"].cast(pa.string())
    is_success = pc.equal(status, _SUCCESS)
    of_download = pc.any(pc.or_(is_success, pc.starts_with(status, _FAILED))).as_py()
    return is_success if of_download else None


def pairs_of_rows(
    source: Source, table: pa.Table, caption_field: str, choice: str = "first"
) -> pa.Table:
    """Return the pairs of a table with a column of keys, with its other fields behind.

    Values of a type that a pair's column does not have become null there, and the column stays
    among the other fields. The table's texts must be valid UTF-8.
    """
    caption_field = caption_field or "caption"
    captions, several = _captions(table, caption_field, choice)
    known = {field.name: _fitting(table, field) for field in PAIRS} | {"caption": captions}
    keys, urls, texts = (known[name].to_pylist() for name in ("key", "url", "caption"))
    own = table["uid"].to_pylist() if "uid" in table.column_names else [None] * len(keys)
    rows = zip(own, urls, keys, texts, strict=True)
    uids = [
        own_uid(uid) or derive_uid(url, source=source.name, key=key, caption=cap)
        for uid, url, key, cap in rows
    ]
    known["uid"] = pa.array(uids, pa.string())
    known["shard"] = pa.array([source.name] * len(keys), pa.string())
    pairs = pa.table([known[name] for name in PAIRS.names], schema=PAIRS)
    others = _others(table, known, caption_field)
    if several is not None and CAPTIONS_RAW not in table.column_names:
        others[CAPTIONS_RAW] = several
    return with_other_fields(pairs, others)


def _captions(
    table: pa.Table, name: str, choice: str
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Return the caption of each row, and all captions of the rows that have several."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())]), None
    column = table[name]
    if is_text(column.type):
        return column.cast(pa.string()), None
    chosen = [choose_text(value, choice) for value in column.to_pylist()]
    captions = pa.chunked_array([pa.array([text for text, _ in chosen], pa.string())])
    if all(texts is None for _, texts in chosen):
        return captions, None
    return captions, pa.chunked_array([pa.array([t for _, t in chosen], pa.list_(pa.string()))])


def _fitting(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
    return fit_column(table[field.name], field.type)


def _others(
    table: pa.Table, known: dict[str, pa.ChunkedArray], caption_field: str
) -> dict[str, Any]:
    """Return the columns that pairs do not have, and those of which values did not fit."""
    others = {}
    for name in table.column_names:
        column = table[name]
        if name == "txt" == caption_field:
            continue
        if name == "caption":
            kept = caption_field != name
        elif name in ("key", "shard", "uid"):
            kept = False
        else:
            kept = name not in known or loses_values(column, known[name])
        if kept:
            others[name] = column
    return others


def _reject_bad_keys(source: Source, rows: pa.Table) -> tuple[pa.Table, list[Rejection]]:
    """Return the rows with a usable key, and the rejections of the others."""
    rejections: list[Rejection] = []
    earlier: set[str] = set()
    is_usable = []
    for key in rows["key"].to_pylist():
        fault = _key_fault(key, earlier)
        is_usable.append(fault is None)
        earlier.add(key or "")
        if fault is not None:
            uid = derive_uid(None, source=source.name, key=key or "", caption=None)
            rejections.append(Rejection(uid, source.name, key or "", Phase.SCORE, *fault))
    return rows.filter(pa.array(is_usable, pa.bool_())), rejections


def _key_fault(key: str | None, earlier: set[str]) -> tuple[Reason, str] | None:
    if key is None or not is_safe_key(key):
        return Reason.UNREADABLE_SAMPLE, "its key cannot name a file in an archive"
    if key in earlier:
        return Reason.DUPLICATE_KEY, "another row of the table has the same key"
    return None


def _unread(source: Source, fault: str) -> Unit:
    return Unit(source, PAIRS.empty_table(), Tally(0, None, f"{source.path}: {fault}"))
