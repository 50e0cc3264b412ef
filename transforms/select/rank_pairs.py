"""Judged pairs -> their ranks for ``--keep-fraction``, and which of them are beyond a cut."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .policies import RANK_BY

RANK = np.dtype([("imbalance", "f8"), ("disagreement", "f8"), ("uid", "S32")])
"""A pair's rank: least imbalance first, then higher agreement, then by uid.

With ``--rank-by``, ``imbalance`` is the negated number, so the highest number comes first.
"""

Ranks = npt.NDArray[np.void]
Cut = Mapping[str, Ranks]
"""By basis, the rank of the last pair that is kept; empty if none of its pairs is."""


def ranks(table: pa.Table) -> Ranks:
    """Return the rank of each row; a null imbalance ranks last.

    The similarity stands in for a null agreement, and -1 if it is null too.
    """
    ranked = np.zeros(table.num_rows, RANK)
    by_number = RANK_BY in table.column_names
    imbalance = pc.negate(table[RANK_BY]) if by_number else table["imbalance_after"]
    known = pc.if_else(pc.is_nan(imbalance), None, imbalance)
    ranked["imbalance"] = pc.fill_null(known, math.inf).to_numpy()
    agreement = table["agreement"]
    if "similarity" in table.column_names:
        agreement = pc.coalesce(agreement, table["similarity"])
    ranked["disagreement"] = pc.negate(pc.fill_null(agreement, -1.0)).to_numpy()
    ranked["uid"] = table["uid"].to_numpy()
    return ranked


def bases(table: pa.Table) -> npt.NDArray[np.object_]:
    """Return the basis of each row; each basis is ranked apart. ``--rank-by`` has one for all."""
    if RANK_BY in table.column_names:
        return np.full(table.num_rows, "any", object)
    column: npt.NDArray[np.object_] = table["imbalance_basis"].to_numpy()
    return column


def kept_count(fraction: float, pairs: int) -> int:
    """Return ``floor(F n + 0.5)``."""
    return math.floor(fraction * pairs + 0.5)


def is_beyond(table: pa.Table, cut: Cut) -> npt.NDArray[np.bool_]:
    """Return which rows rank after the last kept pair of their basis."""
    beyond = np.zeros(table.num_rows, bool)
    ranked, basis = ranks(table), bases(table)
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
