"""Unit of decisions -> Unit of the selection, each kept pair with its output shard and key."""

from dataclasses import dataclass, replace

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.rejection import Phase, Reason, Rejection
from ..schemas.tables import SELECTION
from ..schemas.unit import Unit
from .plan_shards import Plan


def assign_shards(unit: Unit, plan: Plan) -> Unit:
    """Return the selection of a unit, and its rejections."""
    kept = unit.table["reason"].is_null()
    prefix = f"{unit.source.number:0{plan.number_width}d}" if plan.number_width else ""
    keys = pc.binary_join_element_wise(prefix, unit.table["key"], "")
    names = ["action", "output_shard", "output_key"]
    columns = [
        pc.if_else(kept, "keep", "reject"),
        pa.array(_output_shards(unit, plan), pa.int32(), from_pandas=True),
        pc.if_else(kept, keys, None),
    ]
    selected = unit.with_columns(names, columns)
    table = selected.table.select(SELECTION.names).cast(SELECTION)
    return replace(selected, table=table, rejections=tuple(_rejections(table)))


def _output_shards(unit: Unit, plan: Plan) -> pa.Array:
    numbers = np.full(unit.table.num_rows, -1, np.int32)
    kept = np.flatnonzero(unit.table["reason"].is_null().to_numpy())
    for number, piece in plan.pieces.get(unit.source.number, ()):
        numbers[kept[piece.start : piece.stop]] = number
    return pa.array(numbers, mask=numbers < 0)


def _rejections(selection: pa.Table) -> list[Rejection]:
    rejected = selection.filter(selection["reason"].is_valid())
    rows = zip(*(rejected[n].to_pylist() for n in ("uid", "shard", "key", "reason")), strict=True)
    return [Rejection(u, s, k, Phase.SELECT, Reason(reason)) for u, s, k, reason in rows]


@dataclass
class AssignShards(beam.PTransform):
    """Unit of decisions -> Unit of the selection, by the plan of a side input."""

    plan: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(assign_shards, self.plan)
