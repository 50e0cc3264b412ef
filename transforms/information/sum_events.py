"""Partial counts of events -> one file of statistics: the corpus on top of a prior."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa

from ...schemas.statistics import events_of_statistics
from ...storage.spill import Spilled, load_spilled, spill
from .event_tables import BUCKETS, PartialCounts, pack, prune, split, sum_events, unpack
from .keep_statistics import keep_events, load_full_level, load_table

_MAX_EVENTS = 2_000_000
"""The largest model, a file of 32 MB for all workers of a machine together."""


def sum_bucket(number: int, parts: Iterable[bytes]) -> PartialCounts:
    """Return the sum of a bucket, or of a part of one, pruned to its most frequent events.

    Events are pruned only after they are summed over the whole corpus, so the way in which the work
    is split does not matter: the most frequent events of a bucket are among the most frequent ones
    of its parts.
    """
    total = prune(sum_events(map(unpack, parts)), _MAX_EVENTS // BUCKETS)
    return number % BUCKETS, pack(total)


@dataclass(kw_only=True)
class SumEvents(beam.PTransform):
    """PartialCounts -> the path of one file of statistics, on top of the prior's counts."""

    prior: str
    """The path of the prior, or ``prior``, the shipped one."""
    path: str
    folder: str
    """The folder of the spilled files."""
    full_level: float | None = None
    """The full level of the statistics, in bits; None for the prior's."""

    def expand(self, parts: beam.PCollection) -> beam.PCollection:
        prior = parts.pipeline | "Prior" >> beam.Create([self.prior])
        return (
            (parts, prior | "Events of the prior" >> beam.FlatMap(self._of_prior))
            | "On top of the prior" >> beam.Flatten()
            | "Gather parts" >> beam.GroupByKey()
            | "Sum parts" >> beam.FlatMapTuple(self._sum)
            | "Gather buckets" >> beam.GroupByKey()
            | "Sum buckets" >> beam.FlatMapTuple(self._sum)
            | "Without keys" >> beam.Values()
            | "Gather" >> beam.combiners.ToList()
            | "Together" >> beam.Map(self._keep)
        )

    def _of_prior(self, path: str) -> Iterator[tuple[int, Spilled]]:
        yield from spill(self.folder, split(events_of_statistics(load_table(path))))

    def _sum(self, number: int, parts: Iterable[Spilled]) -> Iterator[tuple[int, Spilled]]:
        yield from spill(self.folder, [sum_bucket(number, map(load_spilled, parts))])

    def _keep(self, buckets: Iterable[Spilled]) -> str:
        """Write all buckets to one file; no event is in two of them."""
        tables = (unpack(load_spilled(bucket)) for bucket in buckets)
        events = pa.concat_tables(tables).combine_chunks()
        level = load_full_level(self.prior) if self.full_level is None else self.full_level
        return keep_events(events, level, self.path)
