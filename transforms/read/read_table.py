"""Rows of a table -> Unit of pairs; its columns of images are not read."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import first_line
from ...schemas.other_fields import with_other_fields
from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import is_safe_key
from ...schemas.source import Source
from ...schemas.tables import PAIRS
from ...schemas.unit import Tally, Unit
from ...storage import files
from .stored_samples import image_columns, row_keys


def read_image_table(source: Source, successes: int | None, caption_field: str) -> Unit:
    """Read the pairs of a table of images; rows that failed to download are not pairs."""
    try:
        with files.open_table(source.path) as file:
            images = image_columns(file.schema_arrow)
            if not images:
                return _unread(source, "it has no column of images (jpg, png, jpeg or webp)")
            if repeated := repeated_columns(file.schema_arrow):
                return _unread(source, f"it has several columns {repeated[0]!r}: keep one of them")
            names = [name for name in file.schema_arrow.names if name not in images]
            table = file.read(names)
            keys = pa.array(row_keys(table, 0), pa.string())
    except pa.ArrowException as error:
        return _unread(source, f"it is not a complete Parquet file: {first_line(error)}")
    if caption_field and caption_field not in names:
        return _unread(source, f"it has no column {caption_field!r}, only {', '.join(names)}")
    table = table.drop_columns(["key"]) if "key" in names else table
    rows = succeeded(table.append_column("key", keys))
    pairs, rejections = _reject_bad_keys(source, rows)
    tally = Tally(rows.num_rows, successes)
    return Unit(source, pairs_of_rows(source, pairs, caption_field), tally, tuple(rejections))


def repeated_columns(schema: pa.Schema) -> list[str]:
    """Return the names that several columns of a table have."""
    return [name for name, count in Counter(schema.names).items() if count > 1]


def succeeded(table: pa.Table) -> pa.Table:
    """Return the rows of ``table`` that were downloaded: all of them if it has no status."""
    if "status" not in table.column_names:
        return table
    return table.filter(pc.equal(table["status"], "success"))


def pairs_of_rows(source: Source, table: pa.Table, caption_field: str) -> pa.Table:
    """Return the pairs of a table with a column of keys, with its other fields behind."""
    names = {"caption": caption_field} if caption_field else {}
    known = {
        field.name: _column(table, names.get(field.name, field.name), field.type) for field in PAIRS
    }
    keys, urls, captions = (known[name].to_pylist() for name in ("key", "url", "caption"))
    own = table["uid"].to_pylist() if "uid" in table.column_names else [None] * len(keys)
    rows = zip(own, urls, keys, captions, strict=True)
    uids = [
        own_uid(uid) or derive_uid(url, source=source.name, key=key, caption=cap)
        for uid, url, key, cap in rows
    ]
    known["uid"] = pa.array(uids, pa.string())
    known["shard"] = pa.array([source.name] * len(keys), pa.string())
    pairs = pa.table([known[name] for name in PAIRS.names], schema=PAIRS)
    ours = {*PAIRS.names} - {*names}
    return with_other_fields(pairs, {n: table[n] for n in table.column_names if n not in ours})


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table[name].cast(kind)


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
