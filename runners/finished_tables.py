"""Folder of tables -> the units and pairs that were finished there since the first look."""

import os
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..pipeline.runs.work import rows_of
from ..storage import files

_PARTS = ".parts/"
"""The ending of folders whose tables are pieces of an unfinished unit."""

Version = tuple[str, int]
"""A table's path and time of modification: a rewritten table is a new version."""


class Finished(NamedTuple):
    """Counts of finished work."""

    units: int
    pairs: int


class FinishedTables:
    """The tables that are written or rewritten in a folder from now on.

    With ``gathers``, a new version of a table contains the rows of the version before, which are
    not counted again.
    """

    def __init__(self, folder: str, *, gathers: bool = False) -> None:
        self._folder = folder
        self._rows: dict[Version, int] = {}
        self._before = self._versions()
        self._rows_before = {path: _rows(path) for path, _ in self._before} if gathers else {}

    def look(self) -> Finished:
        """Count the new tables and their rows; every table is opened once."""
        new = self._versions() - self._before
        self._rows = {v: self._rows[v] if v in self._rows else _rows(v[0]) for v in new}
        units = sum(1 for path, _ in new if _PARTS not in path)
        pairs = sum(rows - self._rows_before.get(path, 0) for (path, _), rows in self._rows.items())
        return Finished(units, max(0, pairs))

    def _versions(self) -> set[Version]:
        if not files.is_local(self._folder):
            return {(path, 0) for path in files.find(f"{self._folder}/**.parquet")}
        versions = set()
        for path in Path(self._folder).rglob("[!.]*.parquet"):
            try:
                versions.add((str(path), os.stat(path).st_mtime_ns))
            except FileNotFoundError:
                continue
        return versions


def _rows(path: str) -> int:
    """Return the number of rows of a table, 0 if it was removed meanwhile."""
    try:
        return rows_of(path)
    except (OSError, pa.ArrowInvalid):
        return 0
