"""The answers that captioners gave for one source: paid for once, kept for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import ANSWERS
from ..captioners.captioner import Answer, Asked
from ..part_store import PartStore, one_of_each


@dataclass(frozen=True, slots=True)
class AnswerStore:
    """The answers of one source."""

    run_dir: RunDirectory
    name: str

    @property
    def rows(self) -> PartStore:
        """The rows of all captioners."""
        return PartStore(self.run_dir, RunTable.ANSWERS, self.name, ANSWERS)

    def load(self, asked: Asked | None = None) -> pa.Table:
        """Return the answers of one captioner, or of all; one for each uid and captioner."""
        table = self.rows.load()
        table = table if asked is None else table.filter(_is_by(table, asked))
        return one_of_each(table, ["uid", "model", "revision", "prompt"], keep="first")

    def add(self, answers: Mapping[str, Answer], asked: Asked) -> None:
        """Keep the answers to the pairs of these uids as one more part."""
        self.rows.add(answers_to_table(answers, asked))

    def settle(self) -> None:
        """Move the parts into the table."""
        if self.rows.has_parts:
            self.rows.replace(self.load())


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
