"""Parts of counted events -> one table of statistics: the corpus on top of a prior."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa

from ..schemas.statistics import events_of_statistics, statistics_of_events
from .count_facts import BUCKETS, Part, split
from .event_tables import pack, prune, sum_events, unpack
from .keep_statistics import load_full_level, load_table

_MAX_EVENTS = 2_000_000
"""What a model keeps at most, a file of 32 MB for all workers of a machine together."""


def sum_bucket(number: int, parts: Iterable[bytes]) -> Part:
    """Sum what was counted of a bucket, or of a part of one; give the most frequent of it.

    What is pruned has been summed over the whole corpus: no way of splitting the work shows. The
    most frequent events of a bucket are among the most frequent ones of its parts.
    """
    total = prune(sum_events(map(unpack, parts)), _MAX_EVENTS // BUCKETS)
    return number % BUCKETS, pack(total)


def _of_prior(path: str) -> Iterator[Part]:
    yield from split(events_of_statistics(load_table(path)))


def _together(buckets: Iterable[bytes], prior: str) -> pa.Table:
    return statistics_of_events(sum_events(map(unpack, buckets)), load_full_level(prior))


@dataclass
class SumEvents(beam.PTransform):
    """Parts -> one table of statistics, on top of the prior at a path, with its full level."""

    prior: str

    def expand(self, parts: beam.PCollection) -> beam.PCollection:
        prior = parts.pipeline | "Prior" >> beam.Create([self.prior])
        return (
            (parts, prior | "Events of the prior" >> beam.FlatMap(_of_prior))
            | "On top of the prior" >> beam.Flatten()
            | "Gather parts" >> beam.GroupByKey()
            | "Sum parts" >> beam.MapTuple(sum_bucket)
            | "Gather buckets" >> beam.GroupByKey()
            | "Sum buckets" >> beam.MapTuple(sum_bucket)
            | "Without keys" >> beam.Values()
            | "Gather" >> beam.combiners.ToList()
            | "Together" >> beam.Map(_together, self.prior)
        )
