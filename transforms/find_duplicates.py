"""Units of judged pairs -> the rows that repeat an earlier pair."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.unit import Unit
from .fingerprint import fingerprints

_BUCKETS = 256
"""One of them at a time is sorted in memory: of a billion values some 4 million, of 20 bytes."""

_OCCURRENCE = np.dtype([("high", "u8"), ("low", "u8"), ("row", "u4")])

Rows = npt.NDArray[np.integer[Any]]
Occurrences = tuple[int, bytes]
"""The number of a source; fingerprints of values in it, and the rows in which they stand."""


def occurrences(unit: Unit, column: str, passed_over: Rows) -> Iterator[tuple[int, Occurrences]]:
    """Yield where the values of ``column`` stand in a unit, in buckets that are searched apart.

    Pairs that are rejected already, or are among the rows ``passed_over``, hide no other pair; a
    null repeats nothing.
    """
    live = pc.and_(pc.invert(unit.table["blocked"]), unit.table[column].is_valid()).to_numpy()
    live[passed_over] = False
    rows = np.flatnonzero(live)
    values = fingerprints(unit.table[column].take(pa.array(rows)))
    found = np.empty(len(rows), _OCCURRENCE)
    found["high"], found["low"], found["row"] = values["high"], values["low"], rows
    buckets = values["high"] % np.uint64(_BUCKETS)
    found = found[np.argsort(buckets, kind="stable")]
    numbers, counts = np.unique(buckets, return_counts=True)
    parts = np.split(found, np.cumsum(counts)[:-1])
    for bucket, part in zip(numbers.tolist(), parts, strict=False):
        yield bucket, (unit.source.number, part.tobytes())


def repeated_rows(parts: Iterable[Occurrences]) -> dict[int, Rows]:
    """Return, by the number of the source, the rows that repeat an earlier pair.

    Earlier is what comes first in the order of the sources, then of the rows.
    """
    ordered = sorted(parts, key=lambda part: part[0])
    counts = [len(packed) // _OCCURRENCE.itemsize for _, packed in ordered]
    numbers = np.repeat(np.array([number for number, _ in ordered], np.int32), counts)
    found = np.frombuffer(b"".join(packed for _, packed in ordered), _OCCURRENCE)
    order = np.lexsort((found["low"], found["high"]))  # stable: equal values stay in their order
    again = np.ones(max(0, len(order) - 1), bool)
    for half in ("high", "low"):
        values = found[half][order]
        again &= values[1:] == values[:-1]
    repeated = np.sort(order[1:][again])
    rows, of_source = found["row"][repeated], numbers[repeated]
    return {int(number): rows[of_source == number] for number in np.unique(of_source)}


def merge_rows(parts: Iterable[dict[int, Rows]]) -> dict[int, Rows]:
    """Return the rows of all parts, by the number of the source."""
    merged: dict[int, list[Rows]] = {}
    for part in parts:
        for number, rows in part.items():
            merged.setdefault(number, []).append(rows)
    return {number: np.sort(np.concatenate(rows)) for number, rows in merged.items()}


@dataclass
class FindDuplicates(beam.PTransform):
    """Units of judged pairs -> one dictionary: source number to the rows that repeat a pair."""

    column: str
    passed_over: beam.pvalue.AsSingleton | None = None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find values" >> beam.FlatMap(_occurrences, self.column, self.passed_over or {})
            | "Gather buckets" >> beam.GroupByKey()
            | "Find repeated" >> beam.MapTuple(lambda _, parts: repeated_rows(parts))
            | "Gather" >> beam.combiners.ToList()
            | "Merge" >> beam.Map(merge_rows)
        )


def _occurrences(
    unit: Unit, column: str, passed_over: dict[int, Rows]
) -> Iterator[tuple[int, Occurrences]]:
    none = np.array([], np.int64)
    return occurrences(unit, column, passed_over.get(unit.source.number, none))
