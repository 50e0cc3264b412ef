"""Shards -> the keys that two of them share."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa

from ...schemas.finding import Finding, Problem
from ...schemas.sample import group_samples
from ...schemas.tar import TarError, read_members
from ...storage import files, parquet
from ..read.read_table import row_keys
from ..read.table_columns import ColumnsError, choose_columns
from .shard_report import ShardReport

Map = Callable[..., Iterable[Any]]
"""A function like the built-in ``map``, which may call it in other processes."""


def shard_keys(path: str) -> Iterator[str]:
    """Yield the keys of a shard, those of a damaged archive up to the damage."""
    if path.lower().endswith(".parquet"):
        with suppress(pa.ArrowException, ColumnsError):
            yield from _keys_of_table(path)
        return
    with files.open_blocks(path) as archive, suppress(TarError):
        for sample in group_samples(read_members(archive)):
            yield sample.key


def _keys_of_table(path: str) -> Iterator[str]:
    """Yield the keys of a table; numbers of rows are the same in every table, and no keys."""
    with parquet.open_table(path) as file:
        name = choose_columns(file.schema_arrow).key
        if name is not None:
            keys = row_keys(file.read([name]), range(0), name)
            yield from (key or "" for key in keys.to_pylist())


def hash_keys(path: str) -> bytes:
    """Return the sorted 8-byte hashes of a shard's keys."""
    return b"".join(sorted({_hash(key) for key in shard_keys(path)}))


def keys_among(path: str, hashes: frozenset[bytes]) -> list[str]:
    """Return the keys of a shard whose hash is among ``hashes``, each once."""
    return list(dict.fromkeys(key for key in shard_keys(path) if _hash(key) in hashes))


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def overlapping(reports: Sequence[ShardReport]) -> list[list[ShardReport]]:
    """Return the groups of shards whose ranges of keys overlap. Others cannot share a key."""
    groups: list[list[ShardReport]] = []
    end = ""
    for report in sorted((r for r in reports if r.samples), key=lambda r: (r.first_key, r.path)):
        if groups and report.first_key <= end:
            groups[-1].append(report)
            end = max(end, report.last_key)
        else:
            groups.append([report])
            end = report.last_key
    return [group for group in groups if len(group) > 1]


def shared_keys(reports: Sequence[ShardReport], run: Map) -> Iterator[Finding]:
    """Yield a finding for every key that a shard shares with an earlier one.

    ``run`` calls the functions that read shards.
    """
    position = {report.path: at for at, report in enumerate(reports)}
    for group in overlapping(reports):
        group.sort(key=lambda report: position[report.path])
        paths = [report.path for report in group]
        shared = _shared(run(hash_keys, paths))
        if not shared:
            continue
        owners: dict[str, str] = {}
        keys_of_shards = run(keys_among, paths, [shared] * len(paths))
        for report, keys in zip(group, keys_of_shards, strict=True):
            for key in keys:
                owner = owners.setdefault(key, report.name)
                if owner != report.name:
                    detail = f"{owner} has it, too"
                    yield Finding(report.name, key, Problem.DUPLICATE_KEY, detail)


def _shared(hashes_of_shards: Iterable[bytes]) -> frozenset[bytes]:
    """Return the hashes that more than one shard has."""
    hashes = np.sort(np.frombuffer(b"".join(hashes_of_shards), np.uint64))
    repeated = hashes[1:][hashes[1:] == hashes[:-1]]
    return frozenset(value.tobytes() for value in repeated)
