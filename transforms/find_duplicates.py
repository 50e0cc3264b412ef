"""Units of judged pairs -> the rows that repeat an earlier pair."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.unit import Unit

_BUCKETS = 256

Rows = npt.NDArray[np.int64]
Occurrences = tuple[int, list[bytes], Rows]
"""The number of a source, identities of pairs in it, and the rows in which they stand."""


def occurrences(unit: Unit, column: str, passed_over: Rows) -> Iterator[tuple[int, Occurrences]]:
    """Yield where the values of ``column`` stand in a unit, in buckets that are searched apart.

    Pairs that are rejected already, or are among the rows ``passed_over``, hide no other pair; a
    null repeats nothing.
    """
    live = pc.and_(pc.invert(unit.table["blocked"]), unit.table[column].is_valid()).to_numpy()
    live[passed_over] = False
    rows = np.flatnonzero(live)
    values = unit.table[column].take(pa.array(rows)).to_pylist()
    buckets: dict[int, tuple[list[bytes], list[int]]] = {}
    for value, row in zip(values, rows.tolist(), strict=True):
        identity = value.encode()
        found = buckets.setdefault(sum(identity[:8]) % _BUCKETS, ([], []))
        found[0].append(identity)
        found[1].append(row)
    for bucket, (identities, at) in buckets.items():
        yield bucket, (unit.source.number, identities, np.array(at, np.int64))


def repeated_rows(parts: Iterable[Occurrences]) -> dict[int, Rows]:
    """Return, by the number of the source, the rows that repeat an earlier pair.

    Earlier is what comes first in the order of the sources, then of the rows.
    """
    seen: set[bytes] = set()
    repeated: dict[int, list[int]] = {}
    for number, identities, rows in sorted(parts, key=lambda part: part[0]):
        for identity, row in zip(identities, rows.tolist(), strict=True):
            if identity in seen:
                repeated.setdefault(number, []).append(row)
            seen.add(identity)
    return {number: np.array(rows, np.int64) for number, rows in repeated.items()}


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
