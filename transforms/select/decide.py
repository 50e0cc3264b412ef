"""Unit of judged pairs -> Unit of decided pairs: those without a reason are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.rejection import Reason
from ...schemas.unit import Unit
from ..text.recognise_language import PARSER_LANGUAGE
from .find_duplicates import Rows
from .rank_pairs import Cut, is_beyond


def with_duplicates(unit: Unit, rows: Rows | None, reason: Reason) -> Unit:
    """Give ``reason`` to the ``rows`` that repeat a pair, in place of those of later policies."""
    if rows is None:
        return unit
    mask = np.zeros(unit.table.num_rows, bool)
    mask[rows] = True
    reasons = pc.if_else(pa.array(mask), reason.value, unit.table["reason"])
    return unit.with_columns(["reason"], [reasons])


def is_counted(unit: Unit) -> npt.NDArray[np.bool_]:
    """Return which rows ``--keep-fraction`` counts: no reason yet, and in the parser's language."""
    readable = pc.equal(unit.table["language"], PARSER_LANGUAGE)
    counted: npt.NDArray[np.bool_] = pc.and_(unit.table["reason"].is_null(), readable).to_numpy()
    return counted


def was_counted(unit: Unit) -> npt.NDArray[np.bool_]:
    """Return which rows ``--keep-fraction`` counted, once it has rejected those beyond its cut."""
    beyond = pc.equal(unit.table["reason"], Reason.KEEP_FRACTION.value)
    counted: npt.NDArray[np.bool_] = is_counted(unit) | pc.fill_null(beyond, False).to_numpy()
    return counted


def with_cut(unit: Unit, cut: Cut) -> Unit:
    """Give the reason ``keep-fraction`` to the counted rows that rank after the cut."""
    beyond = pa.array(is_counted(unit) & is_beyond(unit.table, cut))
    reason = Reason.KEEP_FRACTION.value
    return unit.with_columns(["reason"], [pc.if_else(beyond, reason, unit.table["reason"])])


def _drop_repeated(unit: Unit, reasons: Sequence[Reason], *repeated: dict[int, Rows]) -> Unit:
    for reason, rows in zip(reasons, repeated, strict=True):
        unit = with_duplicates(unit, rows.get(unit.source.number), reason)
    return unit


@dataclass
class RejectDuplicates(beam.PTransform):
    """Unit -> Unit, with the rows of side inputs rejected as duplicates, by reason."""

    repeated: Mapping[Reason, beam.pvalue.AsSingleton]

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_drop_repeated, list(self.repeated), *self.repeated.values())


@dataclass
class RejectBeyondCut(beam.PTransform):
    """Unit -> Unit, with the rows after the cut of a side input rejected."""

    cut: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(with_cut, self.cut)
