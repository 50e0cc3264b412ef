"""Statistics -> one file of sorted numbers, which all workers of a machine map into memory."""

import os
import tempfile
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schemas.statistics import SEPARATOR, Event
from ...storage import files
from ..fingerprint import fingerprints, high_half

SUFFIX = ".index.npy"
Numbers = npt.NDArray[np.uint64]


class CountIndex:
    """Counts of events, looked up by 64 bits of the event's fingerprint.

    ``numbers`` has two rows: sorted fingerprints, and the counts that belong to them. Two of four
    million events share 64 bits with a probability of one in two million.
    """

    def __init__(self, numbers: Numbers) -> None:
        self._keys, self._counts = map(np.asarray, numbers)

    def get(self, event: Event, default: int = 0) -> int:
        """Return the count of ``event``."""
        key = high_half(SEPARATOR.join(event))
        at = int(self._keys.searchsorted(np.uint64(key)))
        if at == len(self._keys) or self._keys.item(at) != key:
            return default
        return int(self._counts[at])


def index_path(statistics: str) -> str:
    """Return where the index of the statistics at a path lies."""
    return statistics.removesuffix(".parquet") + SUFFIX


def index_of(events: pa.Table) -> Numbers:
    """Return the numbers of a CountIndex for ``events``, each of which comes once."""
    numbers = np.empty((2, events.num_rows), np.uint64)
    numbers[0] = fingerprints(events["event"])["high"]
    numbers[1] = events["count"].to_numpy()
    order = np.argsort(numbers[0], kind="stable")
    for row in numbers:
        row[:] = row[order]
    return numbers


def keep_index(events: pa.Table, path: str) -> None:
    """Write the index of ``events`` beside the table of statistics at ``path``."""
    with files.write_whole(index_path(path)) as file:
        np.save(file, index_of(events), allow_pickle=False)


def load_index(path: str) -> CountIndex | None:
    """Map the index beside the statistics at ``path``, None if there is none.

    What lies on another machine is copied to a file of this one that goes with the process.
    """
    path = index_path(path)
    if not files.exists(path):
        return None
    if files.is_local(path):
        return CountIndex(np.load(path, mmap_mode="r", allow_pickle=False))
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "index.npy")
        with open(copy, "wb") as target, files.open_for_reading(path) as source:
            _copy(source, target)
        return CountIndex(np.load(copy, mmap_mode="r", allow_pickle=False))


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while block := source.read(1 << 24):
        target.write(block)
