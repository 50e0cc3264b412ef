"""Units of judged pairs -> where ``--keep-fraction`` cuts: the last pair that is kept."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.unit import Unit

RANK = np.dtype([("imbalance", "f8"), ("disagreement", "f8"), ("uid", "S32")])
"""A pair's place in the order: least imbalance first, then the higher agreement, then by uid."""

Ranks = npt.NDArray[np.void]
Cut = Mapping[str, Ranks]
"""By basis, the rank of the last pair that is kept; a basis without pairs is not there."""


def ranks(table: pa.Table) -> Ranks:
    """Return the rank of each row; what was not compared agrees least."""
    ranked = np.zeros(table.num_rows, RANK)
    ranked["imbalance"] = pc.fill_null(table["imbalance_after"], math.inf).to_numpy()
    ranked["disagreement"] = pc.negate(pc.fill_null(table["agreement"], -1.0)).to_numpy()
    ranked["uid"] = table["uid"].to_numpy()
    return ranked


def kept_count(fraction: float, pairs: int) -> int:
    """Return ``floor(F n + 0.5)``."""
    return math.floor(fraction * pairs + 0.5)


def cut_at(parts: Iterable[Ranks], fraction: float) -> Ranks:
    """Return the rank of the last of the ``fraction`` of all pairs that are kept, as one row.

    It is empty where nothing is kept.
    """
    together = np.sort(np.concatenate(list(parts)))
    kept = kept_count(fraction, len(together))
    return together[max(0, kept - 1) : kept]


def is_beyond(table: pa.Table, cut: Cut) -> npt.NDArray[np.bool_]:
    """Return which rows rank after the cut of their basis."""
    beyond = np.zeros(table.num_rows, bool)
    ranked, basis = ranks(table), table["imbalance_basis"].to_numpy()
    for name, last in cut.items():
        after = _after(ranked, last[0]) if len(last) else np.ones(len(ranked), bool)
        beyond |= after & (basis == name)
    return beyond


def _after(ranked: Ranks, last: np.void) -> npt.NDArray[np.bool_]:
    after = np.zeros(len(ranked), bool)
    tied = np.ones(len(ranked), bool)
    for name in RANK.names or ():
        after |= tied & (ranked[name] > last[name])
        tied &= ranked[name] == last[name]
    return after


@dataclass
class FindCut(beam.PTransform):
    """(basis, ranks) -> one Cut; it cuts nothing if there is no fraction."""

    fraction: float | None

    def expand(self, ranked: beam.PCollection) -> beam.PCollection:
        return (
            ranked
            | "Gather ranks" >> beam.GroupByKey()
            | "Cut" >> beam.Map(_cut_basis, self.fraction)
            | "Gather" >> beam.combiners.ToList()
            | "To mapping" >> beam.Map(lambda cuts: dict(filter(None, cuts)))
        )


def _cut_basis(
    ranked: tuple[str, Iterable[Ranks]], fraction: float | None
) -> tuple[str, Ranks] | None:
    basis, parts = ranked
    return None if fraction is None else (basis, cut_at(parts, fraction))


def ranks_by_basis(unit: Unit, live: npt.NDArray[np.bool_]) -> list[tuple[str, Ranks]]:
    """Return the ranks of the live rows of a unit, by basis."""
    table = unit.table.filter(pa.array(live))
    ranked, basis = ranks(table), table["imbalance_basis"].to_numpy()
    return [(name, ranked[basis == name]) for name in np.unique(basis.astype(str)).tolist()]
