"""Units of scores -> the level of a random sample: the median of what its pairs know, in bits."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa

from ...schemas.facts import facts_from_table
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.unit import Unit
from ...storage import files
from ..enrich.reference_sample import is_sampled
from ..information.full_level import BINS_A_BIT, quantile
from ..information.imbalance import known_bits
from ..information.information import InformationModel
from ..information.keep_statistics import load_model
from ..sum_counts import sum_counts
from .referenced_pairs import usable_references


def known_histogram(
    unit: Unit, captions: pa.Table, last: int, model: InformationModel
) -> Counter[int]:
    """Count the sampled pairs with a reference, by their known bits in sixteenths.

    Known bits are those of the facts that the raw caption or the reference states.
    """
    sampled = unit.table.filter(pa.array(is_sampled(unit.table, last)))
    has_reference, references = usable_references(sampled, captions)
    raw = facts_from_table(sampled.filter(has_reference))
    facts = zip(raw, facts_from_table(references), strict=True)
    bits = [known_bits(raw_facts, reference, model) for raw_facts, reference in facts]
    return Counter(np.ceil(np.array(bits) * BINS_A_BIT).astype(int).tolist())


def measured_level(parts: Iterable[Counter[int]]) -> float | None:
    """Return the median of the known bits of a sample, None if it has no reference."""
    histogram = sum_counts(parts)
    return quantile(histogram, 0.5) if histogram else None


class _Measure(beam.DoFn):
    def __init__(self, run_dir: RunDirectory) -> None:
        self._run_dir = run_dir

    def setup(self) -> None:
        self._model = load_model(self._run_dir.statistics)

    def process(self, unit: Unit, last: int) -> Iterator[Counter[int]]:
        path = self._run_dir.table(RunTable.CAPTIONS, unit.source.name)
        if files.exists(path):
            yield known_histogram(unit, files.read_table(path), last, self._model)


@dataclass
class MeasureReferences(beam.PTransform):
    """Units of scores -> the level of a sample, None without references.

    ``last`` is the last hash of the sample, a side input.
    """

    run_dir: RunDirectory
    last: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Measure sampled" >> beam.ParDo(_Measure(self.run_dir), self.last)
            | "Gather" >> beam.combiners.ToList()
            | "Take median" >> beam.Map(measured_level)
        )
