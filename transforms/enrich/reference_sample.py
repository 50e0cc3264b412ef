"""Units of scores -> which pairs are captioned whatever they say: N of them, chosen by hash."""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ..fingerprint import fingerprints
from ..text.recognise_language import PARSER_LANGUAGE

Hashes = npt.NDArray[np.uint64]

COLUMNS = ["uid", "language"]
"""The columns of scores that the choice looks at."""

NONE = -1
"""The threshold that chooses nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A random sample of references: its last hash, and the level that was measured there."""

    last: int = NONE
    level: float | None = None


def hashes(table: pa.Table) -> Hashes:
    """Return the hash of each pair by which it is chosen: it belongs to the uid alone."""
    found: Hashes = fingerprints(table["uid"])["low"]
    return found


def smallest(unit: Unit, count: int) -> Hashes:
    """Return the ``count`` smallest hashes among the pairs of a unit that the parser can read."""
    read = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))
    return np.unique(hashes(read))[:count]


def threshold(parts: Iterable[Hashes], count: int) -> int:
    """Return the hash of the last pair of the sample, NONE where there is none."""
    together = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))[:count]
    return int(together[-1]) if len(together) else NONE


def is_sampled(table: pa.Table, last: int) -> npt.NDArray[np.bool_]:
    """Return which rows are in the sample that ends with the hash ``last``."""
    if last == NONE:
        return np.zeros(table.num_rows, bool)
    read = pc.equal(table["language"], PARSER_LANGUAGE).to_numpy()
    sampled: npt.NDArray[np.bool_] = read & (hashes(table) <= np.uint64(last))
    return sampled


@dataclass
class SampleReferences(beam.PTransform):
    """Units of scores -> one number: the hash of the last pair of a sample of ``count``."""

    count: int

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find smallest" >> beam.Map(smallest, self.count)
            | "Gather" >> beam.combiners.ToList()
            | "Threshold" >> beam.Map(threshold, self.count)
        )
