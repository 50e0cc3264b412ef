"""Unit of scores -> Unit of the pairs to be captioned: the sparse ones, and a random sample."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.unit import Unit
from .caption_budget import Budget, is_within
from .reference_sample import NONE, is_sampled


def choose_sparse(unit: Unit, last: int = NONE, budget: Budget | None = None) -> Unit:
    """Keep the rows that are sparse, within a budget, or in the sample that ends with ``last``."""
    sampled = pa.array(is_sampled(unit.table, last))
    return unit.only(pc.or_(is_within(unit.table, budget), sampled))


@dataclass
class ChooseSparse(beam.PTransform):
    """Unit of scores -> Unit of its sparse pairs, and of those in the sample of a side input."""

    last: beam.pvalue.AsSingleton | int = NONE
    budget: Budget | None = None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(choose_sparse, self.last, self.budget)
