"""Unit with bits -> Unit of scores: the imbalance of each caption, and whether it is sparse."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.tables import SCORES
from ...schemas.unit import Unit
from .imbalance import left_out
from .keep_statistics import load_full_level


def mark_sparse(unit: Unit, *, full_level: float, enrich_below: float) -> Unit:
    """Add ``imbalance``, by ``full_level`` in bits, and ``sparse``.

    A caption is sparse if the part of it that a text encoder reads has less than ``enrich_below``,
    a share, of the full level. One that was not parsed has no imbalance and is not sparse.
    """
    bits = unit.table["information_bits"]
    imbalance = [
        None if b is None else left_out(b, known_bits=full_level) for b in bits.to_pylist()
    ]
    seen = unit.table["visible_bits"]
    sparse = pc.fill_null(pc.less(seen, enrich_below * full_level), False)
    columns = [pa.array(imbalance, pa.float64()), sparse]
    scored = unit.with_columns(["imbalance", "sparse"], columns)
    others = [name for name in scored.table.column_names if name not in SCORES.names]
    return scored.with_order([*SCORES.names, *others])


def _mark(unit: Unit, statistics: str, enrich_below: float) -> Unit:
    return mark_sparse(unit, full_level=load_full_level(statistics), enrich_below=enrich_below)


@dataclass
class MarkSparse(beam.PTransform):
    """Unit with bits -> Unit of scores."""

    statistics: beam.pvalue.AsSingleton | str
    """The path of the statistics with the full level, or a side input of it."""
    enrich_below: float

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_mark, self.statistics, self.enrich_below)
