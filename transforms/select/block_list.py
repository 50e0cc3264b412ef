"""``--block-list``: which pairs a list of uids, image hashes and urls names."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...storage import files
from ..fingerprint import FINGERPRINT, Fingerprints, fingerprints
from .subset_file import SUBSET, uids_of

COLUMNS = ("uid", "sha256", "url")
"""What an entry may be compared with: no entry can be meant for two of them."""

_NPY = re.compile(r"\.npy$", re.IGNORECASE)
_PARQUET = re.compile(r"\.parquet$", re.IGNORECASE)


def load_block_list(path: str) -> Fingerprints:
    """Return the sorted fingerprints of the entries of the file at ``path``.

    It is text with an entry a line, Parquet with columns of COLUMNS, or a DataComp subset
    (``.npy``). Raises UsageError if it is none of these.
    """
    if not files.exists(path):
        raise UsageError(f"no block list at {path}")
    try:
        found = [fingerprints(column) for column in _entries(path)]
    except (pa.ArrowException, ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"--block-list {path} cannot be read: {error}") from error
    return np.unique(np.concatenate([np.empty(0, FINGERPRINT), *found]))


def is_named(table: pa.Table, entries: Fingerprints) -> npt.NDArray[np.bool_]:
    """Return which rows of ``table`` have a uid, sha256 or url among ``entries``."""
    named = np.zeros(table.num_rows, bool)
    for name in COLUMNS:
        valid = np.flatnonzero(table[name].is_valid().to_numpy())
        values = fingerprints(table[name].drop_null())
        named[valid[_is_in(values, entries)]] = True
    return named


def _is_in(values: Fingerprints, entries: Fingerprints) -> npt.NDArray[np.bool_]:
    """Compare by the high half, then look at each entry that shares it."""
    start = np.searchsorted(entries["high"], values["high"], "left")
    stop = np.searchsorted(entries["high"], values["high"], "right")
    found = np.zeros(len(values), bool)
    for step in range(int((stop - start).max(initial=0))):
        at = np.minimum(start + step, len(entries) - 1)
        found |= (start + step < stop) & (entries["low"][at] == values["low"])
    return found


def _entries(path: str) -> list[pa.Array]:
    if _NPY.search(path):
        return [_uids(path)]
    if _PARQUET.search(path):
        with files.open_for_reading(path) as file:
            table = pq.read_table(file)
        columns = [name for name in COLUMNS if name in table.column_names]
        if not columns:
            raise ValueError(f"it has none of the columns {', '.join(COLUMNS)}")
        return [table[name].cast(pa.string()).drop_null().combine_chunks() for name in columns]
    lines = files.read_bytes(path).decode("utf-8-sig").splitlines()
    return [pa.array([line.strip() for line in lines if line.strip()], pa.string())]


def _uids(path: str) -> pa.Array:
    with files.open_for_reading(path) as file:
        pairs = np.load(file, allow_pickle=False)
    if pairs.dtype != SUBSET:
        raise ValueError(f"its type is {pairs.dtype}, not that of a DataComp subset (u8,u8)")
    return uids_of(pairs)
