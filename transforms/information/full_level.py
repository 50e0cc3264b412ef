"""Units with bits -> the full level: the information of a full caption of this corpus."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ..sum_counts import sum_counts
from ..text.recognise_language import PARSER_LANGUAGE
from .keep_statistics import copy_with_level, load_full_level

QUANTILE = 0.9
BINS_A_BIT = 16


def histogram(unit: Unit) -> Counter[int]:
    """Count the captions in the parser's language by their bits, in bins of 1/16 bit."""
    bits = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))["information_bits"]
    bins, counts = np.unique(np.ceil(bits.to_numpy() * BINS_A_BIT).astype(int), return_counts=True)
    return Counter(dict(zip(bins.tolist(), counts.tolist(), strict=True)))


def quantile(counts: Mapping[int, int], share: float) -> float:
    """Return the upper edge, in bits, of the first bin up to which ``share`` of the counts lie."""
    limit = share * sum(counts.values())
    total = 0
    for bin_, count in sorted(counts.items()):
        total += count
        if total >= limit:
            return bin_ / BINS_A_BIT
    return 0.0


def full_level(histograms: Iterable[Counter[int]], prior: float) -> float:
    """Return the larger of the prior's level and the corpus's 0.9 quantile, in bits."""
    return max(prior, quantile(sum_counts(histograms), QUANTILE))


@dataclass
class EstimateFullLevel(beam.PTransform):
    """Units with bits -> the path of statistics with the corpus's full level."""

    statistics: beam.pvalue.AsSingleton
    """The path of the statistics without it."""
    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count bits" >> beam.Map(histogram)
            | "Gather" >> beam.combiners.ToList()
            | "Take quantile" >> beam.Map(self._keep, self.statistics)
        )

    def _keep(self, histograms: Iterable[Counter[int]], statistics: str) -> str:
        level = full_level(histograms, load_full_level(statistics))
        return copy_with_level(statistics, target=self.path, full_level=level)
