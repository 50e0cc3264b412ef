"""What captioners answered for one source, kept for good and never asked again.

A source's answers lie in ``answers/NAME.parquet``, and while it is at work in small parts beside
it, ``answers/NAME.parts/00000-....parquet`` and so on, each whole or not at all: a kill costs a
part. Two attempts at a source may be at work at a time: a part's name belongs to one of them, and
what one has put into the table the other finds there.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import ANSWERS
from ...storage import files
from ..captioners.captioner import Answer, Asked


@dataclass(frozen=True, slots=True)
class AnswerStore:
    """The answers of one source."""

    run_dir: RunDirectory
    name: str

    @property
    def path(self) -> str:
        return self.run_dir.table(RunTable.ANSWERS, self.name)

    @property
    def parts_path(self) -> str:
        return self.run_dir.path(RunTable.ANSWERS.folder, f"{self.name}.parts")

    def load(self, asked: Asked | None = None) -> pa.Table:
        """Return what was answered, by whoever was asked; of one uid the first answer."""
        try:
            table = self._read()
        except FileNotFoundError:  # what a part held is in the table by now
            table = self._read()
        return _distinct(table if asked is None else table.filter(_is_by(table, asked)))

    def add(self, answers: Mapping[str, Answer], asked: Asked) -> None:
        """Keep the answers to the pairs of these uids as one more part."""
        number, own = len(self._parts()), uuid.uuid4().hex
        table = answers_to_table(answers, asked)
        path = f"{self.parts_path}/{number:05d}-{own}.parquet"
        try:
            files.write_table(path, table)
        except FileNotFoundError:  # the folder has just been removed
            files.write_table(path, table)

    def settle(self) -> None:
        """Put the parts into the one table; a kill in between leaves both, which is no harm."""
        if self._parts():
            files.write_table(self.path, self.load())
            files.remove(self.parts_path)

    def _read(self) -> pa.Table:
        parts = self._parts()  # before the table is looked for, into which they may go meanwhile
        paths = [self.path, *parts] if files.exists(self.path) else parts
        return pa.concat_tables([ANSWERS.empty_table(), *map(files.read_table, paths)])

    def _parts(self) -> list[str]:
        return files.find_in(self.parts_path, "*.parquet")


def answers_to_table(answers: Mapping[str, Answer], asked: Asked) -> pa.Table:
    """Return ``answers``, by uid, as a table with the schema ANSWERS."""
    rows = len(answers)
    said: Sequence[Answer] = list(answers.values())
    columns = [
        list(answers),
        *([getattr(asked, name)] * rows for name in ("model", "revision", "prompt")),
        [None if answer.text is None else _encodable(answer.text) for answer in said],
        [answer.is_cut for answer in said],
        [answer.fault and answer.fault.value for answer in said],
    ]
    arrays = [pa.array(c, field.type) for c, field in zip(columns, ANSWERS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=ANSWERS)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _is_by(table: pa.Table, asked: Asked) -> pa.Array:
    same = [pc.equal(table[n], getattr(asked, n)) for n in ("model", "revision", "prompt")]
    return pc.and_(pc.and_(same[0], same[1]), same[2])


def _distinct(table: pa.Table) -> pa.Table:
    """Return the first row of each uid and identity: two attempts may have asked the same."""
    if table.num_rows == 0:
        return table
    names = ["uid", "model", "revision", "prompt"]
    numbered = table.append_column("_at", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(names, use_threads=False).aggregate([("_at", "min")])["_at_min"]
    return table.take(first.combine_chunks().sort())
