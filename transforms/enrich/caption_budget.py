"""Tables of scores, N -> which sparse pairs are the N that say least."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ["uid", "sparse", "information_bits"]
"""The columns of scores that the choice looks at."""

_BINS_A_BIT = 1024
_RANK = np.dtype([("bits", "f8"), ("uid", "S32")])


@dataclass(frozen=True, slots=True)
class Budget:
    """The last pair that is captioned; of two that say as much the one with the lower uid."""

    bits: float
    uid: str


def find_budget(read: Callable[[], Iterable[pa.Table]], count: int) -> Budget | None:
    """Return where the ``count`` sparsest of the tables that ``read`` gives end; None is no end.

    The tables are read twice, one at a time: their bits are counted in narrow bins, then the bin in
    which the budget ends is sorted. So memory does not grow with the number of pairs.
    """
    bins = np.zeros(0, np.int64)
    for sparse in _sparse(read()):
        found = np.bincount(_bins(sparse))
        wider = np.zeros(max(len(bins), len(found)), np.int64)
        wider[: len(bins)] += bins
        wider[: len(found)] += found
        bins = wider
    if bins.sum() <= count:
        return None
    upto = bins.cumsum()
    last = int(np.searchsorted(upto, count)) if count else 0
    before = int(upto[last] - bins[last])
    edge = np.concatenate([_ranks(table)[_bins(table) == last] for table in _sparse(read())])
    edge.sort()
    if count == before:
        return Budget(-1.0, "")
    bits, uid = edge[count - before - 1]
    return Budget(float(bits), uid.decode())


def is_within(table: pa.Table, budget: Budget | None) -> pa.Array:
    """Return which rows are sparse and within the budget."""
    if budget is None:
        return table["sparse"]
    bits = table["information_bits"]
    tied = pc.and_(pc.equal(bits, budget.bits), pc.less_equal(table["uid"], budget.uid))
    within = pc.or_(pc.less(bits, budget.bits), tied)
    return pc.fill_null(pc.and_(table["sparse"], within), False)


def _sparse(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for table in tables:
        yield table.filter(table["sparse"])


def _bins(table: pa.Table) -> npt.NDArray[np.int64]:
    bits = table["information_bits"].to_numpy()
    bins: npt.NDArray[np.int64] = np.floor(bits * _BINS_A_BIT).astype(np.int64)
    return bins


def _ranks(table: pa.Table) -> npt.NDArray[np.void]:
    ranks = np.zeros(table.num_rows, _RANK)
    ranks["bits"] = table["information_bits"].to_numpy()
    ranks["uid"] = table["uid"].to_numpy()
    return ranks
