"""Units with facts -> how many captions state each fact, in parts that are summed apart."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from ...schemas.statistics import count_events
from ...schemas.tables import facts_from_table
from ...schemas.unit import Unit
from ...storage.spill import Spilled, spill
from ..fingerprint import fingerprints
from ..text.recognise_language import PARSER_LANGUAGE
from .event_tables import EventSum, events_to_table, pack

BUCKETS = 64
_PARTS = 8
"""A bucket is summed in so many parts: no worker holds more of a corpus than one of them."""

_MOST_HELD = 500_000
"""Distinct events that a worker sums before it hands them on: some 25 MB."""

_Counted = TypeVar("_Counted")

Part = tuple[int, bytes]
"""The number of a bucket, or of a part of one, and some of its events, packed."""


def count_unit(unit: Unit) -> pa.Table:
    """Count the events in those captions of a unit that the parser can read."""
    readable = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))
    return events_to_table(count_events(facts_from_table(readable)))


def split(events: pa.Table) -> Iterator[Part]:
    """Split ``events`` into what is summed apart, by their fingerprints."""
    numbers = fingerprints(events["event"])["high"] % np.uint64(BUCKETS * _PARTS)
    ordered = events.append_column("bucket", pa.array(numbers.astype(np.int32)))
    ordered = ordered.sort_by([("bucket", "ascending"), ("event", "ascending")])
    buckets, starts = np.unique(ordered["bucket"].to_numpy(), return_index=True)
    edges = pairwise([*starts.tolist(), len(numbers)])
    for bucket, (start, stop) in zip(buckets.tolist(), edges, strict=True):
        yield bucket, pack(ordered.slice(start, stop - start).drop_columns(["bucket"]))


def sum_counts(parts: Iterable[Counter[_Counted]]) -> Counter[_Counted]:
    """Return the sum of ``parts``, exact in whatever order they come."""
    total: Counter[_Counted] = Counter()
    for part in parts:
        total.update(part)
    return total


class SumCounts(beam.CombineFn):
    """Sums counters, exactly, in whatever order they come."""

    def create_accumulator(self) -> Counter[Any]:
        return Counter()

    def add_input(self, accumulator: Counter[Any], element: Counter[Any]) -> Counter[Any]:
        accumulator.update(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Counter[Any]]) -> Counter[Any]:
        return sum_counts(accumulators)

    def extract_output(self, accumulator: Counter[Any]) -> Counter[Any]:
        return accumulator


class _Count(beam.DoFn):
    """Sums units for as long as it can hold them, so that little is shuffled."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def start_bundle(self) -> None:
        self._sum = EventSum()

    def process(self, unit: Unit) -> Iterator[tuple[int, Spilled]]:
        self._sum.add(count_unit(unit))
        if self._sum.rows > _MOST_HELD:
            yield from self._take()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for part in self._take():
            yield GlobalWindows.windowed_value(part)

    def _take(self) -> Iterator[tuple[int, Spilled]]:
        events, self._sum = self._sum.total(), EventSum()
        if events.num_rows:
            yield from spill(self._folder, split(events))


@dataclass
class CountFacts(beam.PTransform):
    """Unit -> Parts of what is counted, handed on when there is much of it, or no more to come."""

    folder: str
    """Where they are spilled to."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Count(self.folder))
