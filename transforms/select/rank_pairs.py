"""Judged pairs -> their places in the order of ``--keep-fraction``, and which are beyond a cut."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .policies import RANK_BY

RANK = np.dtype([("imbalance", "f8"), ("disagreement", "f8"), ("uid", "S32")])
"""A pair's place in the order: least imbalance first, then the higher agreement, then by uid.

With ``--rank-by`` the highest number stands for the least imbalance.
"""

Ranks = npt.NDArray[np.void]
Cut = Mapping[str, Ranks]
"""By basis, the rank of the last pair that is kept; a basis without pairs is not there."""


def ranks(table: pa.Table) -> Ranks:
    """Return the rank of each row; what was not compared agrees least, what is null ranks last."""
    ranked = np.zeros(table.num_rows, RANK)
    given = RANK_BY in table.column_names
    imbalance = pc.negate(table[RANK_BY]) if given else table["imbalance_after"]
    known = pc.if_else(pc.is_nan(imbalance), None, imbalance)
    ranked["imbalance"] = pc.fill_null(known, math.inf).to_numpy()
    agreement = table["agreement"]
    if "similarity" in table.column_names:
        agreement = pc.coalesce(agreement, table["similarity"])
    ranked["disagreement"] = pc.negate(pc.fill_null(agreement, -1.0)).to_numpy()
    ranked["uid"] = table["uid"].to_numpy()
    return ranked


def bases(table: pa.Table) -> npt.NDArray[np.object_]:
    """Return the basis of each row, which is ranked apart; any other number knows no basis."""
    if RANK_BY in table.column_names:
        return np.full(table.num_rows, "any", object)
    found: npt.NDArray[np.object_] = table["imbalance_basis"].to_numpy()
    return found


def kept_count(fraction: float, pairs: int) -> int:
    """Return ``floor(F n + 0.5)``."""
    return math.floor(fraction * pairs + 0.5)


def is_beyond(table: pa.Table, cut: Cut) -> npt.NDArray[np.bool_]:
    """Return which rows rank after the cut of their basis."""
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
