"""Units of the selection -> a DataComp subset file: the kept uids instead of a copy of the data."""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ...storage import files

SUBSET = np.dtype("u8,u8")
"""A uid as two numbers: ``(int(uid[:16], 16), int(uid[16:], 16))``."""

Subset = npt.NDArray[np.void]

_DIGITS = 32


def subset_of(unit: Unit) -> Subset:
    """Return the uids of the kept pairs of a selection, in DataComp's form."""
    kept = unit.table.filter(pc.equal(unit.table["action"], "keep"))["uid"]
    digits = np.frombuffer("".join(kept.to_pylist()).encode(), np.uint8)
    values = np.where(digits > ord("9"), digits - ord("a") + 10, digits - ord("0")).astype(np.uint8)
    pairs = values.reshape(-1, 2)
    octets = (pairs[:, 0] << 4 | pairs[:, 1]).reshape(-1, _DIGITS // 2)
    halves = np.ascontiguousarray(octets).view(">u8").astype("u8")
    return np.rec.fromarrays([halves[:, 0], halves[:, 1]], dtype=SUBSET).view(np.ndarray)


def keep_subset(parts: Iterable[Subset], path: str) -> str:
    """Write all ``parts`` to ``path``, sorted as DataComp's tools expect it; return the path."""
    together = np.sort(np.concatenate([np.empty(0, SUBSET), *parts]).astype(SUBSET))
    with files.write_whole(path) as file:
        np.save(file, together, allow_pickle=False)
    return path


@dataclass
class KeepSubset(beam.PTransform):
    """Units of the selection -> the path of the subset file."""

    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find kept" >> beam.Map(subset_of)
            | "Gather" >> beam.combiners.ToList()
            | "Write" >> beam.Map(keep_subset, self.path)
        )


def uids_of(subset: Subset) -> pa.Array:
    """Return the uids of a subset as strings."""
    return pa.array([f"{high:016x}{low:016x}" for high, low in subset.tolist()], pa.string())
