"""Shards -> the keys that two of them share."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schemas.finding import Finding, Problem
from ...schemas.sample import group_samples
from ...schemas.tar import TarError, read_members
from ...storage import files
from ..read.stored_samples import row_keys
from .verify_archive import ShardReport

Hashes = npt.NDArray[np.uint64]

Map = Callable[..., Iterable[Any]]
"""As the built-in ``map``, wherever the work is done."""


def shard_keys(path: str) -> Iterator[str]:
    """Yield the keys of a shard, an archive's up to any damage."""
    if path.endswith(".parquet"):
        with suppress(pa.ArrowException):
            table = files.read_table(path, ["key"])
            yield from (key or "" for key in row_keys(table, 0))
        return
    with files.open_blocks(path) as archive, suppress(TarError):
        for sample in group_samples(read_members(archive)):
            yield sample.key


def hash_keys(path: str) -> bytes:
    """Return eight bytes for each key of a shard, which two keys hardly share."""
    return b"".join(sorted({_hash(key) for key in shard_keys(path)}))


def keys_among(path: str, hashes: frozenset[bytes]) -> list[str]:
    """Return the keys of a shard, each once, whose hash is one of ``hashes``."""
    return list(dict.fromkeys(key for key in shard_keys(path) if _hash(key) in hashes))


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def overlapping(reports: Sequence[ShardReport]) -> list[list[ShardReport]]:
    """Return groups of shards whose ranges of keys overlap: no others can share a key."""
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
    """Yield every key that a shard shares with an earlier one."""
    for group in overlapping(reports):
        in_order = [report for report in reports if report in group]
        paths = [report.path for report in in_order]
        twice = _twice(run(hash_keys, paths))
        if not twice:
            continue
        owners: dict[str, str] = {}
        found = run(keys_among, paths, [twice] * len(paths))
        for report, keys in zip(in_order, found, strict=True):
            for key in keys:
                owner = owners.setdefault(key, report.name)
                if owner != report.name:
                    detail = f"{owner} has it, too"
                    yield Finding(report.name, key, Problem.DUPLICATE_KEY, detail)


def _twice(hashes: Iterable[bytes]) -> frozenset[bytes]:
    """Return the hashes that more than one shard has."""
    everything = np.sort(np.frombuffer(b"".join(hashes), np.uint64))
    again = everything[1:][everything[1:] == everything[:-1]]
    return frozenset(hashed.tobytes() for hashed in again)
