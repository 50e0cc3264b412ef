"""Units with bits -> the full level: what a full caption of this corpus carries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ..text.recognise_language import PARSER_LANGUAGE
from .count_facts import sum_counts
from .keep_statistics import copy_with_level, load_full_level

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


@dataclass
class EstimateFullLevel(beam.PTransform):
    """Units with bits -> a path at which statistics are kept with the corpus's full level."""

    statistics: beam.pvalue.AsSingleton
    """The path of those without."""
    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count bits" >> beam.Map(histogram)
            | "Gather" >> beam.combiners.ToList()
            | "Take quantile" >> beam.Map(self._keep, self.statistics)
        )

    def _keep(self, parts: Iterable[Counter[int]], statistics: str) -> str:
        level = full_level(parts, load_full_level(statistics))
        return copy_with_level(statistics, self.path, level)
