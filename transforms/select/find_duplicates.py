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
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from ...schemas.unit import Unit
from ...storage.spill import Spilled, load_spilled, spill
from ..fingerprint import fingerprints

_BUCKETS = 256
"""One of them at a time is sorted in memory: of a billion values some 4 million, of 24 bytes."""

_MOST_HELD = 500_000
"""Values that a worker holds before it hands them on, in pieces that are worth a place each."""

_OCCURRENCE = np.dtype([("high", "u8"), ("low", "u8"), ("source", "u4"), ("row", "u4")])

Rows = npt.NDArray[np.integer[Any]]
Occurrences = npt.NDArray[np.void]
"""Fingerprints of values, the numbers of their sources, and the rows in which they stand."""


def occurrences(unit: Unit, column: str, passed_over: Rows) -> Occurrences:
    """Return where the values of ``column`` stand in a unit.

    Pairs that are rejected already, or are among the rows ``passed_over``, hide no other pair; a
    null repeats nothing.
    """
    live = pc.and_(pc.invert(unit.table["blocked"]), unit.table[column].is_valid()).to_numpy()
    live[passed_over] = False
    rows = np.flatnonzero(live)
    values = fingerprints(unit.table[column].take(pa.array(rows)))
    found = np.empty(len(rows), _OCCURRENCE)
    found["high"], found["low"] = values["high"], values["low"]
    found["source"], found["row"] = unit.source.number, rows
    return found


def in_buckets(parts: Sequence[Occurrences]) -> Iterator[tuple[int, bytes]]:
    """Yield occurrences in buckets that are searched apart, each with its number."""
    found = np.concatenate(parts)
    buckets = found["high"] % np.uint64(_BUCKETS)
    order = np.argsort(buckets, kind="stable")
    found = found[order]
    numbers, starts = np.unique(buckets[order], return_index=True)
    edges = pairwise([*starts.tolist(), len(found)])
    for bucket, (start, stop) in zip(numbers.tolist(), edges, strict=True):
        yield bucket, found[start:stop].tobytes()


def repeated_rows(parts: Iterable[bytes]) -> dict[int, Rows]:
    """Return, by the number of the source, the rows that repeat an earlier pair.

    Earlier is what comes first in the order of the sources, then of the rows.
    """
    found = np.frombuffer(b"".join(parts), _OCCURRENCE)
    found = found[np.lexsort([found[name] for name in ("row", "source", "low", "high")])]
    again = np.ones(max(0, len(found) - 1), bool)
    for half in ("high", "low"):
        again &= found[half][1:] == found[half][:-1]
    repeated = found[1:][again]
    rows, sources = repeated["row"].astype(np.int64), repeated["source"]
    return {int(number): np.sort(rows[sources == number]) for number in np.unique(sources)}


def merge_rows(parts: Iterable[dict[int, Rows]]) -> dict[int, Rows]:
    """Return the rows of all parts, by the number of the source."""
    merged: dict[int, list[Rows]] = {}
    for part in parts:
        for number, rows in part.items():
            merged.setdefault(number, []).append(rows)
    return {number: np.sort(np.concatenate(rows)) for number, rows in merged.items()}


class _Find(beam.DoFn):
    """Holds occurrences for as long as it can, so that they are handed on in large pieces."""

    def __init__(self, column: str, folder: str) -> None:
        self._column = column
        self._folder = folder

    def start_bundle(self) -> None:
        self._held: list[Occurrences] = []
        self._rows = 0

    def process(self, unit: Unit, passed_over: dict[int, Rows]) -> Iterator[tuple[int, Spilled]]:
        none = np.array([], np.int64)
        found = occurrences(unit, self._column, passed_over.get(unit.source.number, none))
        self._held.append(found)
        self._rows += len(found)
        if self._rows > _MOST_HELD:
            yield from self._take()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for part in self._take():
            yield GlobalWindows.windowed_value(part)

    def _take(self) -> Iterator[tuple[int, Spilled]]:
        if self._rows:
            yield from spill(self._folder, in_buckets(self._held))
        self.start_bundle()


@dataclass
class _SearchBuckets(beam.PTransform):
    """Units of judged pairs -> for each bucket of values the rows that repeat a pair."""

    column: str
    folder: str
    passed_over: beam.pvalue.AsSingleton | None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find values" >> beam.ParDo(_Find(self.column, self.folder), self.passed_over or {})
            | "Gather buckets" >> beam.GroupByKey()
            | "Find repeated" >> beam.MapTuple(_repeated)
        )


def _repeated(_bucket: int, parts: Iterable[Spilled]) -> dict[int, Rows]:
    return repeated_rows(map(load_spilled, parts))


@dataclass
class FindDuplicates(beam.PTransform):
    """Units of judged pairs -> one dictionary: source number to the rows that repeat a pair."""

    column: str
    folder: str
    """Where values are spilled to."""
    passed_over: beam.pvalue.AsSingleton | None = None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | _SearchBuckets(self.column, self.folder, self.passed_over)
            | "Gather" >> beam.combiners.ToList()
            | "Merge" >> beam.Map(merge_rows)
        )


@dataclass
class HasDuplicates(beam.PTransform):
    """Units of judged pairs -> whether any pair repeats another."""

    column: str
    folder: str
    """Where values are spilled to."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | _SearchBuckets(self.column, self.folder, None)
            | "Whether any" >> beam.Map(bool)
            | "Of all" >> beam.CombineGlobally(any)
        )
