"""Unit with facts -> Unit with the bits that they carry."""

from collections.abc import Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from ...schemas.facts import Facts
from ...schemas.tables import facts_from_struct, facts_from_table
from ...schemas.unit import Unit
from ..text.recognise_language import PARSER_LANGUAGE
from .information import Bits, InformationModel
from .keep_statistics import load_model

COLUMNS = [
    "object_bits",
    "attribute_bits",
    "relation_bits",
    "information_bits",
    "visible_bits",
    "object_share",
]


def measure_information(unit: Unit, model: InformationModel) -> Unit:
    """Add COLUMNS to a unit with facts, and drop the facts of the visible part.

    They are null for captions in other languages than the parser's.
    """
    languages = unit.table["language"].to_pylist()
    bits = [model.bits(facts) for facts in facts_from_table(unit.table)]
    visible = _visible_bits(unit, bits, model)
    rows = [
        _row(b, v) if code == PARSER_LANGUAGE else _UNREAD
        for b, v, code in zip(bits, visible, languages, strict=True)
    ]
    columns = [pa.array([row[i] for row in rows], pa.float64()) for i in range(len(COLUMNS))]
    return unit.with_columns(COLUMNS, columns).without_columns(["_visible"])


def _visible_bits(unit: Unit, whole: list[Bits], model: InformationModel) -> list[float]:
    """Return the bits of what a text encoder sees: few captions are cut, and parsed again."""
    found = [bits.information_bits for bits in whole]
    cut = unit.table["_visible"].is_valid()
    rows = np.flatnonzero(cut.to_numpy()).tolist()
    parts = facts_from_struct(unit.table["_visible"].filter(cut)) if rows else []
    for at, part in zip(rows, parts, strict=True):
        found[at] = model.bits(part or Facts()).information_bits
    return found


_UNREAD = (None,) * len(COLUMNS)


def _row(bits: Bits, visible: float) -> tuple[float | None, ...]:
    kinds = (bits.object_bits, bits.attribute_bits, bits.relation_bits)
    return (*kinds, bits.information_bits, visible, bits.object_share)


class _Measure(beam.DoFn):
    def __init__(self) -> None:
        self._path = ""

    def process(self, unit: Unit, statistics: str) -> Iterator[Unit]:
        if self._path != statistics:
            self._model = load_model(statistics)
            self._path = statistics
        yield measure_information(unit, self._model)


class MeasureInformation(beam.PTransform):
    """Unit -> Unit with bits, by the statistics at a path, which may be a side input."""

    def __init__(self, statistics: beam.pvalue.AsSingleton | str) -> None:
        super().__init__()
        self._statistics = statistics

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Measure(), self._statistics)
