"""Units of scores -> the level that a random sample of references gives: the median of bits(U)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import facts_from_table
from ...schemas.unit import Unit
from ...storage import files
from ..enrich.reference_sample import is_sampled
from ..information.count_facts import sum_counts
from ..information.full_level import BINS_A_BIT, quantile
from ..information.imbalance import known_bits
from ..information.information import InformationModel
from ..information.keep_statistics import load_model


def known_histogram(
    unit: Unit, captions: pa.Table, last: int, model: InformationModel
) -> Counter[int]:
    """Count the sampled pairs of a unit that have a reference, by ``bits(U)`` in sixteenths."""
    usable = captions.filter(pc.is_valid(captions["caption"]))
    sampled = unit.table.filter(pa.array(is_sampled(unit.table, last)))
    at = pc.index_in(sampled["uid"], usable["uid"].combine_chunks())
    pairs = sampled.filter(at.is_valid())
    references = usable.take(at.drop_null())
    both = zip(facts_from_table(pairs), facts_from_table(references), strict=True)
    bits = [known_bits(raw, reference, model) for raw, reference in both]
    return Counter(np.ceil(np.array(bits) * BINS_A_BIT).astype(int).tolist())


def measured_level(parts: Iterable[Counter[int]]) -> float | None:
    """Return the median of ``bits(U)`` over the sample, None where it has no reference."""
    together = sum_counts(parts)
    return quantile(together, 0.5) if together else None


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
    """Units of scores -> the level of the sample of a side input, None without references."""

    run_dir: RunDirectory
    last: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Measure sampled" >> beam.ParDo(_Measure(self.run_dir), self.last)
            | "Gather" >> beam.combiners.ToList()
            | "Take median" >> beam.Map(measured_level)
        )
