"""Units of judged pairs -> the rows that repeat an earlier pair."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.unit import Unit
from .fingerprint import Fingerprints, fingerprints

_BUCKETS = 64

Rows = npt.NDArray[np.int64]
Occurrences = tuple[int, Fingerprints, Rows]
"""The number of a source, fingerprints of values in it, and the rows in which they stand."""


def occurrences(unit: Unit, column: str, passed_over: Rows) -> Iterator[tuple[int, Occurrences]]:
    """Yield where the values of ``column`` stand in a unit, in buckets that are searched apart.

    Pairs that are rejected already, or are among the rows ``passed_over``, hide no other pair; a
    null repeats nothing.
    """
    live = pc.and_(pc.invert(unit.table["blocked"]), unit.table[column].is_valid()).to_numpy()
    live[passed_over] = False
    rows = np.flatnonzero(live)
    values = fingerprints(unit.table[column].take(pa.array(rows)))
    buckets = values["high"] % np.uint64(_BUCKETS)
    for bucket in np.unique(buckets).tolist():
        of_bucket = buckets == bucket
        yield bucket, (unit.source.number, values[of_bucket], rows[of_bucket])


def repeated_rows(parts: Iterable[Occurrences]) -> dict[int, Rows]:
    """Return, by the number of the source, the rows that repeat an earlier pair.

    Earlier is what comes first in the order of the sources, then of the rows.
    """
    ordered = sorted(parts, key=lambda part: part[0])
    values = np.concatenate([part[1] for part in ordered])
    rows = np.concatenate([part[2] for part in ordered])
    numbers = np.repeat([part[0] for part in ordered], [len(part[2]) for part in ordered])
    order = np.lexsort((values["low"], values["high"]))  # stable: equal values stay in their order
    again = np.zeros(len(values), bool)
    again[1:] = values[order][1:] == values[order][:-1]
    repeated = np.sort(order[again])
    return {
        int(number): rows[repeated][numbers[repeated] == number]
        for number in np.unique(numbers[repeated])
    }


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
