"""Units with facts -> one Statistics: how many captions of the corpus state each fact."""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import apache_beam as beam
import pyarrow.compute as pc

from ..schemas.statistics import Event, Statistics, count_events
from ..schemas.tables import facts_from_table
from ..schemas.unit import Unit
from .recognise_language import PARSER_LANGUAGE

_BUCKETS = 64
_MAX_EVENTS = 2_000_000
"""What a model keeps at most, a file of 32 MB for all workers of a machine together."""

Counts = Counter[Event]
_Counted = TypeVar("_Counted")


def count_unit(unit: Unit) -> Iterator[tuple[int, Counts]]:
    """Count the captions of a unit that the parser can read, in buckets that are summed apart."""
    readable = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))
    yield from _in_buckets(count_events(facts_from_table(readable)))


def _in_buckets(counts: Counts) -> Iterator[tuple[int, Counts]]:
    buckets: dict[int, Counts] = {}
    for event, count in counts.items():
        bucket = zlib.crc32("\x1f".join(event).encode()) % _BUCKETS
        buckets.setdefault(bucket, Counter())[event] = count
    yield from buckets.items()


def sum_counts(parts: Iterable[Counter[_Counted]]) -> Counter[_Counted]:
    """Return the sum of ``parts``, exact in whatever order they come."""
    total: Counter[_Counted] = Counter()
    for part in parts:
        total.update(part)
    return total


def prune(counts: Counts, limit: int = _MAX_EVENTS // _BUCKETS) -> Counts:
    """Return the most frequent events of a bucket, ties by their terms.

    What is pruned has been summed over the whole corpus: no way of splitting the work shows.
    """
    if len(counts) <= limit:
        return counts
    kept = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return Counter(dict(kept))


def _together(parts: Iterable[Counts], full_level: float) -> Statistics:
    return Statistics(sum_counts(parts), full_level)


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


class _SumAndPrune(SumCounts):
    def extract_output(self, accumulator: Counts) -> Counts:
        return prune(accumulator)


@dataclass
class CountFacts(beam.PTransform):
    """Units -> one Statistics: the corpus on top of the prior, with the prior's full level."""

    prior: Statistics

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        prior = list(_in_buckets(self.prior.counts))
        counted = units | "Count units" >> beam.FlatMap(count_unit)
        known = units.pipeline | "Prior" >> beam.Create(prior)
        return (
            (counted, known)
            | "On top of the prior" >> beam.Flatten()
            | "Sum and prune buckets" >> beam.CombinePerKey(_SumAndPrune())
            | "Without keys" >> beam.Values()
            | "Gather" >> beam.combiners.ToList()
            | "Together" >> beam.Map(_together, self.prior.full_level)
        )
