"""Unit of scores -> Unit of the pairs that are to be captioned: the sparse ones."""

import apache_beam as beam

from ..schemas.unit import Unit


def choose_sparse(unit: Unit) -> Unit:
    """Keep the rows whose caption is sparse."""
    return unit.only(unit.table["sparse"])


class ChooseSparse(beam.PTransform):
    """Unit of scores -> Unit of its sparse pairs."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(choose_sparse)
