"""Statistics -> the path of their file, and back."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...models.load_prior import prior_path
from ...schemas.errors import UsageError, first_line
from ...schemas.statistics import (
    Statistics,
    common_of,
    events_of_statistics,
    full_level_of,
    rows_of_events,
    schema_of_events,
    statistics_from_table,
    statistics_to_table,
    with_full_level,
)
from ...storage import files, parquet
from .count_index import keep_index, load_index
from .information import InformationModel

PRIOR = "prior"
"""The name of the statistics that ship with evenpair."""

_ROWS = 1 << 16
"""The rows of a row group, which are in memory at a time."""


def keep_statistics(statistics: Statistics, path: str) -> str:
    """Write ``statistics`` to ``path``, their index beside it, and return the path."""
    return keep_table(statistics_to_table(statistics), path)


def keep_table(statistics: pa.Table, path: str) -> str:
    """Write a table of statistics to ``path``, its index beside it, and return the path."""
    keep_index(events_of_statistics(statistics), path)
    _write(path, statistics.schema, [statistics])
    return path


def keep_events(events: pa.Table, full_level: float, path: str) -> str:
    """Write the statistics of distinct ``events`` and their index to ``path``; return the path.

    It takes about twice the memory of the events, least if each column is one chunk.
    """
    keep_index(events, path)
    schema = schema_of_events(events, full_level)
    order = pc.sort_indices(events["event"])
    parts = (order.slice(start, _ROWS) for start in range(0, len(order), _ROWS))
    _write(path, schema, (rows_of_events(events.take(part), schema) for part in parts))
    return path


def with_level(statistics: pa.Table, full_level: float | None) -> pa.Table:
    """Return a table of statistics with another full level in bits, unless that is None."""
    if full_level is None:
        return statistics
    return statistics.cast(with_full_level(statistics.schema, full_level))


def load_statistics(path: str) -> Statistics:
    """Return the statistics at ``path``, or the shipped ones for ``"prior"``.

    Raises UsageError if the path holds none.
    """
    return statistics_from_table(load_table(path))


def load_model(path: str) -> InformationModel:
    """Return the model of the statistics at ``path``, from their index if there is one.

    Raises UsageError if the path holds none.
    """
    schema = load_schema(path)
    index = None if path == PRIOR else load_index(path)
    if index is None:
        return InformationModel(load_statistics(path))
    return InformationModel(Statistics(index, full_level_of(schema), common_of(schema)))


def load_table(path: str) -> pa.Table:
    """Return the table of statistics at ``path``, or of the shipped ones for ``"prior"``.

    Raises UsageError if the path holds none.
    """
    load_schema(path)
    return parquet.read_table(_resolved(path))


def load_schema(path: str) -> pa.Schema:
    """Return the schema of the statistics at ``path``, without reading the counts.

    Raises UsageError if the path holds none.
    """
    path = _resolved(path)
    if not files.exists(path):
        raise UsageError(
            f"{path}: there is no such file; name the statistics.parquet of a run, or 'prior'"
        )
    try:
        schema = parquet.read_schema(path)
        full_level_of(schema)
    except (pa.ArrowInvalid, ValueError, OSError) as error:
        raise UsageError(
            f"{path}: {first_line(error)}; name the statistics.parquet of a run, or 'prior'"
        ) from error
    return schema


def load_full_level(path: str) -> float:
    """Return the full level, in bits, of the statistics at ``path``, without reading the counts."""
    return full_level_of(parquet.read_schema(_resolved(path)))


def _resolved(path: str) -> str:
    return prior_path() if path == PRIOR else path


def _write(path: str, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    with (
        files.write_whole(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for table in tables:
            writer.write_table(table.cast(schema), _ROWS)
