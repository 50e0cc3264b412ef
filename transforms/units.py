"""Unit -> the same unit, written: its rejections, then its table, each whole or not at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import apache_beam as beam

from ..schemas.run_directory import RunDirectory
from ..schemas.run_tables import RunTable
from ..schemas.source import Source
from ..schemas.tables import rejections_to_table
from ..schemas.unit import Unit, tally_of, with_tally
from ..storage import parquet
from .spread import Spread, SpreadSources

ALL = None
"""All sources of a run, as its table of sources lists them."""


def keep_unit(unit: Unit, run_dir: RunDirectory, table: RunTable) -> None:
    """Write the rejections of ``unit``, then its table, which marks the unit as finished."""
    name = unit.source.name
    if unit.rejections:
        parquet.write_table(
            run_dir.rejections(table.phase, name), rejections_to_table(unit.rejections)
        )
    parquet.write_table(run_dir.table(table, name), with_tally(unit.table, unit.tally))


def load_unit(
    source: Source, run_dir: RunDirectory, table: RunTable, columns: list[str] | None = None
) -> Unit:
    """Return the unit that ``keep_unit`` wrote, or some of its columns, without its rejections."""
    rows = parquet.read_table(run_dir.table(table, source.name), columns)
    return Unit(source, rows.replace_schema_metadata(None), tally_of(rows.schema))


class _Keep(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, table: RunTable, stamp: str | None) -> None:
        self._run_dir = run_dir
        self._table = table
        self._stamp = stamp

    def process(self, unit: Unit) -> Iterator[Unit]:
        if self._stamp is not None:
            unit = replace(unit, tally=replace(unit.tally, stamp=self._stamp))
        keep_unit(unit, self._run_dir, self._table)
        yield unit


@dataclass
class KeepUnits(beam.PTransform):
    """Unit -> Unit, written to one of the run's tables."""

    run_dir: RunDirectory
    table: RunTable
    stamp: str | None = None
    """The stamp to write; None for the unit's own."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Keep(self.run_dir, self.table, self.stamp))


@dataclass
class LoadUnits(beam.PTransform):
    """Sources -> Unit for each, from one of the run's tables."""

    sources: Sequence[Source] | None
    """The sources to load, or ALL."""
    run_dir: RunDirectory
    table: RunTable
    columns: list[str] | None = None
    after: beam.pvalue.AsSingleton | None = None
    """A side input to wait for: the output of the step that writes the tables.

    The table of sources is read from its collection, not beside it: every source of a job starts at
    once, and on Flink each of them takes network buffers (runners/flink/network.py).
    """

    def expand(self, root: beam.Pipeline) -> beam.PCollection:
        if self.sources is not ALL:
            return root | Spread(self.sources) | beam.Map(self._load)
        start = root if self.after is None else self.after.pvalue
        return start | SpreadSources(self.run_dir.sources) | beam.Map(self._load)

    def _load(self, source: Source) -> Unit:
        return load_unit(source, self.run_dir, self.table, self.columns)
