"""Statistics -> the path of the file that keeps them; and back."""

import apache_beam as beam
import pyarrow as pa

from ..models.load_prior import prior_path
from ..schemas.errors import UsageError
from ..schemas.statistics import (
    Statistics,
    common_of,
    events_of_statistics,
    full_level_of,
    statistics_from_table,
    statistics_to_table,
)
from . import storage
from .count_index import keep_index, load_index
from .information import InformationModel

PRIOR = "prior"
"""The name of the statistics that ship with evenpair."""


def keep_statistics(statistics: Statistics, path: str) -> str:
    """Write ``statistics`` to ``path``, their index beside it, and return the path."""
    return keep_table(statistics_to_table(statistics), path)


def keep_table(statistics: pa.Table, path: str) -> str:
    """Write a table of statistics to ``path``, its index beside it, and return the path."""
    keep_index(events_of_statistics(statistics), path)
    storage.write_table(path, statistics)
    return path


def load_statistics(path: str) -> Statistics:
    """Return the statistics at ``path``, or the shipped ones for ``"prior"``.

    Raises UsageError if there are none.
    """
    path = _whole(path)
    if not storage.exists(path):
        raise UsageError(f"no statistics at {path}: name the statistics.parquet of a run")
    try:
        return statistics_from_table(storage.read_table(path))
    except (pa.ArrowInvalid, ValueError, OSError) as error:
        raise UsageError(f"{path} is no statistics.parquet of a run: {error}") from error


def load_model(path: str) -> InformationModel:
    """Return the model of the statistics at ``path``, read from their index where there is one.

    Raises UsageError if there are none.
    """
    index = None if path == PRIOR else load_index(path)
    if index is None:
        return InformationModel(load_statistics(path))
    table = storage.read_schema(path)
    return InformationModel(Statistics(index, full_level_of(table), common_of(table)))


def load_table(path: str) -> pa.Table:
    """Return the table of statistics at ``path``, or of the shipped ones for ``"prior"``."""
    return storage.read_table(_whole(path))


def load_full_level(path: str) -> float:
    """Return the full level, in bits, of the statistics at ``path``; their counts are not read."""
    return full_level_of(storage.read_schema(_whole(path)))


def _whole(path: str) -> str:
    return prior_path() if path == PRIOR else path


class KeepStatistics(beam.PTransform):
    """Table of statistics -> the path at which it is kept."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def expand(self, statistics: beam.PCollection) -> beam.PCollection:
        return statistics | beam.Map(keep_table, self._path)
