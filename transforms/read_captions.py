"""Source -> Unit of pairs with their captions, no image byte read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.pair import derive_uid, own_uid
from ..schemas.sample import is_safe_key
from ..schemas.source import Source
from ..schemas.tables import PAIRS, with_other_fields
from ..schemas.tar import is_whole
from ..schemas.unit import Tally, Unit
from . import storage
from .read_samples import read_samples

_TAKEN = ("url", "sha256", "caption", "width", "height")


def read_captions(source: Source) -> Unit:
    """Read what ``source`` says of its pairs: from its parquet if that is complete, else its tar.

    The parquet counts as complete when the archive was written to its end and the source's own
    statistics, which are written last, count as many successes as the parquet. A source that ends
    early gives what it holds, and its tally says what is missing.
    """
    try:
        with storage.open_blocks(source.path) as archive:
            successes = _successes(source)
            pairs = _read_parquet(source)
            whole = is_whole(len(archive), archive[max(0, len(archive) - 1024) : len(archive)])
            if whole and pairs is not None and pairs.num_rows == successes:
                return Unit(source, pairs, Tally(pairs.num_rows, successes))
            return read_samples(source, archive, successes, pairs)
    except OSError as error:
        fault = f"{source.path}: {error.strerror or error}"
        return Unit(source, PAIRS.empty_table(), Tally(0, None, fault))


def _successes(source: Source) -> int | None:
    if not storage.exists(source.stats_path):
        return None
    try:
        stats = json.loads(storage.read_bytes(source.stats_path))
        return int(stats["successes"])
    except (ValueError, KeyError, TypeError):
        return None


def _read_parquet(source: Source) -> pa.Table | None:
    """Return the pairs that were downloaded, None if there is no table that says so."""
    if not storage.exists(source.parquet_path):
        return None
    try:
        table = storage.read_table(source.parquet_path)
        if "status" in table.column_names:
            table = table.filter(pc.equal(table["status"], "success"))
        return _pairs(source, table) if _has_keys(table) else None
    except (pa.ArrowException, OSError):
        return None


def _has_keys(table: pa.Table) -> bool:
    """Return whether every row has a key of its own."""
    if "key" not in table.column_names:
        return False
    keys = table["key"].cast(pa.string()).to_pylist()
    return None not in keys and len(set(keys)) == len(keys) and all(map(is_safe_key, keys))


def _pairs(source: Source, table: pa.Table) -> pa.Table:
    known = {name: _column(table, name, PAIRS.field(name).type) for name in _TAKEN}
    keys = table["key"].cast(pa.string()).to_pylist()
    own = table["uid"].to_pylist() if "uid" in table.column_names else [None] * len(keys)
    rows = zip(own, known["url"].to_pylist(), keys, known["caption"].to_pylist(), strict=True)
    uids = [own_uid(uid) or derive_uid(url, source.name, key, cap) for uid, url, key, cap in rows]
    columns = {"uid": pa.array(uids, pa.string()), "key": pa.array(keys, pa.string()), **known}
    columns["shard"] = pa.array([source.name] * len(keys), pa.string())
    pairs = pa.table([columns[name] for name in PAIRS.names], schema=PAIRS)
    others = {n: table[n] for n in table.column_names if n not in PAIRS.names}
    return with_other_fields(pairs, others)


def _column(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return table[name].cast(kind)


class _Read(beam.DoFn):
    def process(self, source: Source) -> Iterator[Unit]:
        yield read_captions(source)


@dataclass
class ReadCaptions(beam.PTransform):
    """Source -> Unit, for each source shard."""

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.ParDo(_Read())
