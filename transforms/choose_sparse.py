"""Unit of scores -> Unit of the pairs to be captioned: the sparse ones, and a random sample."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.unit import Unit
from .reference_sample import NONE, is_sampled


def choose_sparse(unit: Unit, last: int = NONE) -> Unit:
    """Keep the rows whose caption is sparse, or that are in the sample that ends with ``last``."""
    return unit.only(pc.or_(unit.table["sparse"], pa.array(is_sampled(unit.table, last))))


@dataclass
class ChooseSparse(beam.PTransform):
    """Unit of scores -> Unit of its sparse pairs, and of those in the sample of a side input."""

    last: beam.pvalue.AsSingleton | int = NONE

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(choose_sparse, self.last)
