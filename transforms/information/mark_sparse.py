"""Unit with bits -> Unit of scores: what each caption leaves out, and whether it is sparse."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.tables import SCORES
from ...schemas.unit import Unit
from .imbalance import left_out
from .keep_statistics import load_full_level


def mark_sparse(unit: Unit, full_level: float, enrich_below: float) -> Unit:
    """Add ``imbalance`` and ``sparse``: less than ``enrich_below`` of the full level, in bits.

    A caption that was not parsed has no imbalance and is not sparse.
    """
    bits = unit.table["information_bits"]
    imbalance = [None if b is None else left_out(b, full_level) for b in bits.to_pylist()]
    sparse = pc.fill_null(pc.less(bits, enrich_below * full_level), False)
    columns = [pa.array(imbalance, pa.float64()), sparse]
    scored = unit.with_columns(["imbalance", "sparse"], columns)
    others = [name for name in scored.table.column_names if name not in SCORES.names]
    return scored.with_order([*SCORES.names, *others])


def _mark(unit: Unit, statistics: str, enrich_below: float) -> Unit:
    return mark_sparse(unit, load_full_level(statistics), enrich_below)


@dataclass
class MarkSparse(beam.PTransform):
    """Unit with bits -> Unit of scores, by the full level at a path, which may be a side input."""

    statistics: beam.pvalue.AsSingleton | str
    enrich_below: float

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_mark, self.statistics, self.enrich_below)
