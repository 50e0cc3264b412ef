"""Units with bits -> the full level: what a full caption of this corpus carries."""

from collections import Counter
from collections.abc import Iterable, Mapping

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.statistics import full_level_of, with_full_level
from ..schemas.unit import Unit
from .count_facts import sum_counts
from .keep_statistics import load_table
from .recognise_language import PARSER_LANGUAGE

QUANTILE = 0.9
BINS_A_BIT = 16


def histogram(unit: Unit) -> Counter[int]:
    """Count the readable captions of a unit by their bits, in bins of a sixteenth of a bit."""
    bits = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))["information_bits"]
    bins, counts = np.unique(np.ceil(bits.to_numpy() * BINS_A_BIT).astype(int), return_counts=True)
    return Counter(dict(zip(bins.tolist(), counts.tolist(), strict=True)))


def quantile(counts: Mapping[int, int], share: float) -> float:
    """Return the upper edge, in bits, of the bin in which ``share`` of all captions is reached."""
    wanted = share * sum(counts.values())
    reached = 0
    for bin_, count in sorted(counts.items()):
        reached += count
        if reached >= wanted:
            return bin_ / BINS_A_BIT
    return 0.0


def full_level(parts: Iterable[Counter[int]], prior: float) -> float:
    """Return the larger of the prior's level and the corpus's 0.9 quantile, in bits."""
    return max(prior, quantile(sum_counts(parts), QUANTILE))


class EstimateFullLevel(beam.PTransform):
    """Units with bits -> one table of statistics: that at a path, with the corpus's full level."""

    def __init__(self, statistics: beam.pvalue.AsSingleton) -> None:
        super().__init__()
        self._statistics = statistics

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count bits" >> beam.Map(histogram)
            | "Gather" >> beam.combiners.ToList()
            | "Take quantile" >> beam.Map(_with_level, self._statistics)
        )


def _with_level(parts: Iterable[Counter[int]], path: str) -> pa.Table:
    statistics = load_table(path)
    return with_full_level(statistics, full_level(parts, full_level_of(statistics.schema)))
