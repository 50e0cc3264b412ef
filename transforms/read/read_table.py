"""Rows of a table -> Unit of pairs; where it holds the images, too, no image byte is read."""

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import is_safe_key
from ...schemas.source import Source
from ...schemas.tables import PAIRS, with_other_fields
from ...schemas.unit import Tally, Unit
from ...storage import files
from .stored_samples import image_columns, row_keys


def read_image_table(source: Source, successes: int | None, caption_field: str) -> Unit:
    """Read what a table of images says of them; rows that failed to download were never pairs."""
    try:
        with files.open_table(source.path) as file:
            images = image_columns(file.schema_arrow)
            if not images:
                return _unread(source, "it has no column of images (jpg, png, jpeg or webp)")
            names = [name for name in file.schema_arrow.names if name not in images]
            table = file.read(names)
            keys = pa.array(row_keys(table, 0), pa.string())
    except pa.ArrowException as error:
        return _unread(source, f"it is no whole Parquet file: {str(error).splitlines()[0]}")
    if caption_field and caption_field not in names:
        return _unread(source, f"it has no column {caption_field!r}, only {', '.join(names)}")
    table = table.drop_columns(["key"]) if "key" in names else table
    rows = succeeded(table.append_column("key", keys))
    pairs, rejections = _reject_bad_keys(source, rows)
    tally = Tally(rows.num_rows, successes)
    return Unit(source, pairs_of_rows(source, pairs, caption_field), tally, tuple(rejections))


def succeeded(table: pa.Table) -> pa.Table:
    """Return the rows of ``table`` that were downloaded; without a status that is all of them."""
    if "status" not in table.column_names:
        return table
    return table.filter(pc.equal(table["status"], "success"))


def pairs_of_rows(source: Source, table: pa.Table, caption_field: str) -> pa.Table:
    """Return the pairs that rows with keys describe, their other fields behind."""
    own_names = {"caption": caption_field} if caption_field else {}
    known = {
        field.name: _column(table, own_names.get(field.name, field.name), field.type)
        for field in PAIRS
    }
    keys, urls, captions = (known[name].to_pylist() for name in ("key", "url", "caption"))
    own = table["uid"].to_pylist() if "uid" in table.column_names else [None] * len(keys)
    rows = zip(own, urls, keys, captions, strict=True)
    uids = [own_uid(uid) or derive_uid(url, source.name, key, cap) for uid, url, key, cap in rows]
    known["uid"] = pa.array(uids, pa.string())
    known["shard"] = pa.array([source.name] * len(keys), pa.string())
    pairs = pa.table([known[name] for name in PAIRS.names], schema=PAIRS)
    ours = {*PAIRS.names} - {*own_names}
    return with_other_fields(pairs, {n: table[n] for n in table.column_names if n not in ours})


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table[name].cast(kind)


def _reject_bad_keys(source: Source, rows: pa.Table) -> tuple[pa.Table, list[Rejection]]:
    """Part the rows whose key can name files from those that are no pairs for want of one."""
    rejections: list[Rejection] = []
    seen: set[str] = set()
    good = []
    for key in rows["key"].to_pylist():
        fault = _key_fault(key, seen)
        good.append(fault is None)
        seen.add(key or "")
        if fault is not None:
            uid = derive_uid(None, source.name, key or "", None)
            rejections.append(Rejection(uid, source.name, key or "", Phase.SCORE, *fault))
    return rows.filter(pa.array(good, pa.bool_())), rejections


def _key_fault(key: str | None, seen: set[str]) -> tuple[Reason, str] | None:
    if key is None or not is_safe_key(key):
        return Reason.UNREADABLE_SAMPLE, "its key cannot name a file in an archive"
    if key in seen:
        return Reason.DUPLICATE_KEY, "another row of the table has the same key"
    return None


def _unread(source: Source, why: str) -> Unit:
    return Unit(source, PAIRS.empty_table(), Tally(0, None, f"{source.path}: {why}"))
