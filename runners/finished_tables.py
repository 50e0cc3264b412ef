"""A folder -> how many units and pairs have been finished in it since one began to look."""

import os
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from ..pipeline.runs.work import rows_of
from ..storage import files

_PARTS = ".parts/"
"""Tables below a folder whose name ends so are pieces of a unit that is not finished."""

Version = tuple[str, int]
"""A table, and when it was written: one that is made anew is another."""


class Finished(NamedTuple):
    """What was finished so far."""

    units: int
    pairs: int


class FinishedTables:
    """The tables that appear in a folder, or are made anew, from now on.

    ``gathers`` says that a table takes up what an earlier version of it held, which is not counted.
    """

    def __init__(self, folder: str, *, gathers: bool = False) -> None:
        self._folder = folder
        self._rows: dict[Version, int] = {}
        self._before = self._versions()
        self._held = {path: _rows(path) for path, _ in self._before} if gathers else {}

    def look(self) -> Finished:
        """Count what is new; every table is opened once."""
        new = self._versions() - self._before
        self._rows = {v: self._rows[v] if v in self._rows else _rows(v[0]) for v in new}
        units = sum(1 for path, _ in new if _PARTS not in path)
        pairs = sum(rows - self._held.get(path, 0) for (path, _), rows in self._rows.items())
        return Finished(units, max(0, pairs))

    def _versions(self) -> set[Version]:
        if not files.is_local(self._folder):
            return {(path, 0) for path in files.find(f"{self._folder}/**.parquet")}
        found = set()
        for path in Path(self._folder).rglob("[!.]*.parquet"):
            try:
                found.add((str(path), os.stat(path).st_mtime_ns))
            except FileNotFoundError:
                continue
        return found


def _rows(path: str) -> int:
    """Return how many rows a table has; 0 if it is gone by now."""
    try:
        return rows_of(path)
    except (OSError, pa.ArrowInvalid):
        return 0
