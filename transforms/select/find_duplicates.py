"""Units of judged pairs -> the rows that repeat an earlier pair."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ...storage.spill import Spilled, load_spilled
from ..fingerprint import fingerprints
from ..spill_buckets import SpillBuckets

_BUCKETS = 256
"""One of them at a time is sorted in memory: some 4 million of a billion values, 24 bytes each."""

_OCCURRENCE = np.dtype([("high", "u8"), ("low", "u8"), ("source", "u4"), ("row", "u4")])

Rows = npt.NDArray[np.integer[Any]]
Occurrences = npt.NDArray[np.void]
"""Fingerprints of values, with the numbers of their sources and of their rows there."""


def occurrences(unit: Unit, column: str, ignored: Rows) -> Occurrences:
    """Return the values of ``column`` in a unit, with their rows.

    Nulls are left out. So are pairs that are blocked or among the rows ``ignored``: a later pair
    does not repeat them.
    """
    is_compared = pc.and_(pc.invert(unit.table["blocked"]), unit.table[column].is_valid())
    mask = is_compared.to_numpy()
    mask[ignored] = False
    rows = np.flatnonzero(mask)
    values = fingerprints(unit.table[column].take(pa.array(rows)))
    result = np.empty(len(rows), _OCCURRENCE)
    result["high"], result["low"] = values["high"], values["low"]
    result["source"], result["row"] = unit.source.number, rows
    return result


def in_buckets(parts: Sequence[Occurrences]) -> Iterator[tuple[int, bytes]]:
    """Yield numbered buckets of occurrences, such that equal values are in one bucket."""
    together = np.concatenate(parts)
    buckets = together["high"] % np.uint64(_BUCKETS)
    order = np.argsort(buckets, kind="stable")
    together = together[order]
    numbers, starts = np.unique(buckets[order], return_index=True)
    edges = pairwise([*starts.tolist(), len(together)])
    for bucket, (start, stop) in zip(numbers.tolist(), edges, strict=True):
        yield bucket, together[start:stop].tobytes()


def repeated_rows(parts: Iterable[bytes]) -> dict[int, Rows]:
    """Return, by the number of the source, the rows that repeat an earlier pair of a bucket.

    Pairs are ordered by their sources, then by their rows.
    """
    bucket = np.frombuffer(b"".join(parts), _OCCURRENCE)
    bucket = bucket[np.lexsort([bucket[name] for name in ("row", "source", "low", "high")])]
    is_repeated = np.ones(max(0, len(bucket) - 1), bool)
    for half in ("high", "low"):
        is_repeated &= bucket[half][1:] == bucket[half][:-1]
    repeated = bucket[1:][is_repeated]
    rows, sources = repeated["row"].astype(np.int64), repeated["source"]
    return {int(number): np.sort(rows[sources == number]) for number in np.unique(sources)}


def merge_rows(parts: Iterable[dict[int, Rows]]) -> dict[int, Rows]:
    """Return the rows of all parts, by the number of the source."""
    merged: dict[int, list[Rows]] = {}
    for part in parts:
        for number, rows in part.items():
            merged.setdefault(number, []).append(rows)
    return {number: np.sort(np.concatenate(rows)) for number, rows in merged.items()}


class _Collected:
    """Occurrences of many units, to be spilled together."""

    def __init__(self) -> None:
        self._parts: list[Occurrences] = []
        self.rows = 0

    def add(self, part: Occurrences) -> None:
        self._parts.append(part)
        self.rows += len(part)

    def buckets(self) -> Iterator[tuple[int, bytes]]:
        return in_buckets(self._parts)


class _Find(SpillBuckets):
    def __init__(self, column: str, folder: str) -> None:
        super().__init__(_Collected, folder)
        self._column = column

    def process(self, unit: Unit, ignored: dict[int, Rows]) -> Iterator[tuple[int, Spilled]]:
        none = np.array([], np.int64)
        rows = ignored.get(unit.source.number, none)
        yield from self.collect(occurrences(unit, self._column, rows))


@dataclass
class _SearchBuckets(beam.PTransform):
    """Units of judged pairs -> for each bucket of values the rows that repeat a pair."""

    column: str
    folder: str
    ignored: beam.pvalue.AsSingleton | None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find values" >> beam.ParDo(_Find(self.column, self.folder), self.ignored or {})
            | "Gather buckets" >> beam.GroupByKey()
            | "Find repeated" >> beam.MapTuple(_repeated)
        )


def _repeated(_bucket: int, parts: Iterable[Spilled]) -> dict[int, Rows]:
    return repeated_rows(map(load_spilled, parts))


@dataclass
class FindDuplicates(beam.PTransform):
    """Units of judged pairs -> the rows that repeat an earlier pair, by the source's number."""

    column: str
    folder: str
    """The folder that values are spilled to."""
    ignored: beam.pvalue.AsSingleton | None = None
    """Rows, by source, that are neither compared nor found: they are rejected already."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | _SearchBuckets(self.column, self.folder, self.ignored)
            | "Gather" >> beam.combiners.ToList()
            | "Merge" >> beam.Map(merge_rows)
        )


@dataclass
class HasDuplicates(beam.PTransform):
    """Units of judged pairs -> whether any pair repeats another."""

    column: str
    folder: str
    """The folder that values are spilled to."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | _SearchBuckets(self.column, self.folder, None)
            | "Whether any" >> beam.Map(bool)
            | "Of all" >> beam.CombineGlobally(any)
        )
