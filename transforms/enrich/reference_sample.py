"""Units of scores -> a random sample of N pairs, which are captioned whether sparse or not."""

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
"""The columns of scores that the choice depends on."""

NONE = -1
"""The last hash of an empty sample."""


def hashes(table: pa.Table) -> Hashes:
    """Return the hash of each row's uid, by which samples are drawn.

    It has 63 bits, for Beam's integers have 64 with a sign.
    """
    halves: Hashes = fingerprints(table["uid"])["low"]
    return halves >> np.uint64(1)


def smallest(unit: Unit, count: int) -> Hashes:
    """Return the ``count`` smallest hashes of the pairs in the parser's language."""
    readable = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))
    return np.unique(hashes(readable))[:count]


def threshold(parts: Iterable[Hashes], count: int) -> int:
    """Return the ``count``-th smallest hash, or the largest of fewer; NONE if there are none."""
    together = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))[:count]
    return int(together[-1]) if len(together) else NONE


def is_sampled(table: pa.Table, last: int) -> npt.NDArray[np.bool_]:
    """Return which rows are in the sample that ends with the hash ``last``."""
    if last == NONE:
        return np.zeros(table.num_rows, bool)
    readable = pc.equal(table["language"], PARSER_LANGUAGE).to_numpy()
    sampled: npt.NDArray[np.bool_] = readable & (hashes(table) <= np.uint64(last))
    return sampled


@dataclass
class SampleReferences(beam.PTransform):
    """Units of scores -> one number: the last hash of a sample of ``count`` pairs."""

    count: int

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Find smallest" >> beam.Map(smallest, self.count)
            | "Gather" >> beam.combiners.ToList()
            | "Threshold" >> beam.Map(threshold, self.count)
        )
