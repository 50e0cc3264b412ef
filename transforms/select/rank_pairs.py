"""Judged pairs -> their ranks for ``--keep-fraction``, and which of them are beyond a cut."""

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.captions import CaptionSource
from .policies import RANK_BY

RANK = np.dtype([("imbalance", "f8"), ("disagreement", "f8"), ("source", "i1"), ("uid", "S32")])
"""A pair's rank: least imbalance first, then higher agreement, then by the source of its caption
in the order of SOURCES, then by uid.

With ``--rank-by``, ``imbalance`` is the negated number, so the highest number comes first.
"""

SOURCES = (CaptionSource.RAW, CaptionSource.FUSED, CaptionSource.GENERATED)

Ranks = npt.NDArray[np.void]
Cut = Ranks | None
"""The rank of the last pair that is kept; empty if none is, None if every pair is."""


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
    sources = pa.array([source.value for source in SOURCES])
    ranked["source"] = pc.index_in(table["caption_source"], sources).to_numpy()
    ranked["uid"] = table["uid"].to_numpy()
    return ranked


def kept_count(fraction: float, pairs: int) -> int:
    """Return ``floor(F n + 0.5)``."""
    return math.floor(fraction * pairs + 0.5)


def is_beyond(table: pa.Table, cut: Cut) -> npt.NDArray[np.bool_]:
    """Return which rows rank after the last kept pair."""
    if cut is None or not len(cut):
        return np.full(table.num_rows, cut is not None)
    ranked, last = ranks(table), cut[0]
    after = np.zeros(len(ranked), bool)
    tied = np.ones(len(ranked), bool)
    for name in RANK.names or ():
        after |= tied & (ranked[name] > last[name])
        tied &= ranked[name] == last[name]
    return after


def deciding(table: pa.Table, cut: Cut) -> dict[str, int]:
    """Return how many rows each part of the rank decided on: the first that differs from the cut.

    The last kept pair counts for the uid.
    """
    if cut is None or not len(cut):
        return {}
    ranked, last = ranks(table), cut[0]
    tied = np.ones(len(ranked), bool)
    counts = {}
    for name in RANK.names or ():
        equal = tied & (ranked[name] == last[name]) if name != "uid" else tied & False
        counts[name] = int(tied.sum() - equal.sum())
        tied = equal
    return counts
