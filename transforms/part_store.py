"""The rows of one source that cost too much to make twice: answers of models, and vectors.

They lie in ``FOLDER/NAME.parquet``. While the source is at work, new rows go to small files beside
that table, ``FOLDER/NAME.parts/00000-....parquet`` and so on. Each file is written whole or not at
all, so a kill loses no more than one of them.

Two attempts at a source may run at the same time. The name of a part belongs to one attempt, and
rows that another attempt has moved into the table are read there.
"""

import uuid
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ..schemas.run_directory import RunDirectory
from ..schemas.run_tables import RunTable
from ..storage import files, parquet


@dataclass(frozen=True, slots=True)
class PartStore:
    """The table of one source, and the parts that have not been moved into it yet."""

    run_dir: RunDirectory
    table: RunTable
    name: str
    schema: pa.Schema

    @property
    def path(self) -> str:
        """The path of the table."""
        return self.run_dir.table(self.table, self.name)

    @property
    def has_parts(self) -> bool:
        """Whether there are rows outside the table."""
        return bool(self._parts())

    def load(self) -> pa.Table:
        """Return the rows of the table, then those of each part."""
        try:
            return self._read()
        except FileNotFoundError:  # another attempt has just moved the parts into the table
            return self._read()

    def add(self, rows: pa.Table) -> None:
        """Keep ``rows`` as one more part."""
        path = f"{self._folder}/{len(self._parts()):05d}-{uuid.uuid4().hex}.parquet"
        try:
            parquet.write_table(path, rows)
        except FileNotFoundError:  # another attempt has just removed the folder
            parquet.write_table(path, rows)

    def replace(self, rows: pa.Table) -> None:
        """Make ``rows`` the table, and remove the parts.

        A kill in between leaves both. That does no harm, because whoever reads the rows keeps one
        of each.
        """
        parquet.write_table(self.path, rows.combine_chunks())
        files.remove(self._folder)

    @property
    def _folder(self) -> str:
        return self.run_dir.path(self.table.folder, f"{self.name}.parts")

    def _read(self) -> pa.Table:
        parts = self._parts()  # before the table, into which another attempt may move them
        paths = [self.path, *parts] if files.exists(self.path) else parts
        return pa.concat_tables([self.schema.empty_table(), *files.each(parquet.read_table, paths)])

    def _parts(self) -> list[str]:
        return files.find_in(self._folder, "*.parquet")


def one_of_each(table: pa.Table, names: list[str], *, keep: Literal["first", "last"]) -> pa.Table:
    """Return one row of each value of the columns ``names``, in the order of their first rows."""
    numbered = table.select(names).append_column("at", pa.array(range(table.num_rows), pa.int64()))
    edges = numbered.group_by(names, use_threads=False).aggregate([("at", "min"), ("at", "max")])
    edges = edges.sort_by("at_min")
    return table.take(edges["at_min" if keep == "first" else "at_max"])
