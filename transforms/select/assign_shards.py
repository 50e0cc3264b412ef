"""Unit of decided pairs -> Unit of the selection, with output shards and keys of kept pairs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.tables import REJECTIONS, SELECTION, with_nulls
from ...schemas.unit import Unit
from ...storage import parquet
from .plan_shards import Plan


def assign_shards(unit: Unit, plan: Plan) -> Unit:
    """Return the selection of a unit, with the schema SELECTION."""
    is_kept = unit.table["reason"].is_null()
    prefix = f"{unit.source.number:0{plan.number_width}d}" if plan.number_width else ""
    keys = pc.binary_join_element_wise(prefix, unit.table["key"], "")
    names = ["action", "output_shard", "output_key"]
    columns = [
        pc.if_else(is_kept, "keep", "reject"),
        pa.array(_output_shards(unit, plan), pa.int32(), from_pandas=True),
        pc.if_else(is_kept, keys, None),
    ]
    selected = unit.with_columns(names, columns)
    return replace(selected, table=selected.table.select(SELECTION.names).cast(SELECTION))


def _output_shards(unit: Unit, plan: Plan) -> pa.Array:
    numbers = np.full(unit.table.num_rows, -1, np.int32)
    rows = np.flatnonzero(unit.table["reason"].is_null().to_numpy())
    for number, piece in plan.pieces.get(unit.source.number, ()):
        numbers[rows[piece.start : piece.stop]] = number
    return pa.array(numbers, mask=numbers < 0)


def rejections_of(selection: pa.Table) -> pa.Table:
    """Return the rejections in a selection, with the schema REJECTIONS."""
    rejected = selection.filter(selection["reason"].is_valid())
    columns = {name: rejected[name] for name in ("uid", "shard", "key", "reason")}
    columns["phase"] = pa.array([Phase.SELECT.value] * rejected.num_rows, pa.string())
    return with_nulls(columns, REJECTIONS)


def _assign(unit: Unit, plan: Plan, run_dir: RunDirectory) -> Iterator[Unit]:
    """Assign shards, and write the rejections as a table: there may be as many as pairs."""
    selected = assign_shards(unit, plan)
    rejected = rejections_of(selected.table)
    if rejected.num_rows:
        parquet.write_table(run_dir.rejections(Phase.SELECT, unit.source.name), rejected)
    yield selected


@dataclass
class AssignShards(beam.PTransform):
    """Unit of decided pairs -> Unit of the selection, by the plan of a side input.

    The rejections are written on the way, before the table that marks the unit as done.
    """

    plan: beam.pvalue.AsSingleton
    run_dir: RunDirectory

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.FlatMap(_assign, self.plan, self.run_dir)
