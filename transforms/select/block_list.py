"""``--block-list``: the pairs whose uid, image hash or url is in a list."""

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
"""The columns that entries are compared with; the values of two of them are never equal."""

_NPY = re.compile(r"\.npy$", re.IGNORECASE)
_PARQUET = re.compile(r"\.parquet$", re.IGNORECASE)


def load_block_list(path: str) -> Fingerprints:
    """Return the sorted fingerprints of the entries in the file at ``path``.

    The file is text with one entry on each line, Parquet with some of COLUMNS, or a DataComp subset
    (``.npy``). Raises UsageError for any other file, or none.
    """
    if not files.exists(path):
        raise UsageError(f"--block-list {path}: there is no such file")
    try:
        columns = [fingerprints(column) for column in _entries(path)]
    except (pa.ArrowException, ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"--block-list {path} cannot be read: {error}") from error
    return np.unique(np.concatenate([np.empty(0, FINGERPRINT), *columns]))


def is_blocked(table: pa.Table, entries: Fingerprints) -> npt.NDArray[np.bool_]:
    """Return which rows of ``table`` have a uid, sha256 or url among ``entries``."""
    is_listed = np.zeros(table.num_rows, bool)
    for name in COLUMNS:
        valid = np.flatnonzero(table[name].is_valid().to_numpy())
        values = fingerprints(table[name].drop_null())
        is_listed[valid[_is_in(values, entries)]] = True
    return is_listed


def _is_in(values: Fingerprints, entries: Fingerprints) -> npt.NDArray[np.bool_]:
    """Compare the high halves, then the low half of every entry with the same high half."""
    start = np.searchsorted(entries["high"], values["high"], "left")
    stop = np.searchsorted(entries["high"], values["high"], "right")
    is_in = np.zeros(len(values), bool)
    for step in range(int((stop - start).max(initial=0))):
        at = np.minimum(start + step, len(entries) - 1)
        is_in |= (start + step < stop) & (entries["low"][at] == values["low"])
    return is_in


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
        raise ValueError(f"its type is {pairs.dtype}; a DataComp subset has {SUBSET}")
    return uids_of(pairs)
