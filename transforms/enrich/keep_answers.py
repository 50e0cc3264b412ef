"""The answers that captioners gave for one source: paid for once, kept for good."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import ANSWERS, encodable
from ..captioners.captioner import Answer, CaptionerId
from ..part_store import PartStore, one_of_each

_CAPTIONER = ["model", "revision", "prompt"]


@dataclass(frozen=True, slots=True)
class AnswerStore:
    """The answers of one source."""

    run_dir: RunDirectory
    name: str

    @property
    def rows(self) -> PartStore:
        """The rows of all captioners."""
        return PartStore(self.run_dir, RunTable.ANSWERS, self.name, ANSWERS)

    def load(self, captioner_id: CaptionerId | None = None) -> pa.Table:
        """Return the first answer of each uid and captioner: of one captioner, or of all."""
        table = self.rows.load()
        if captioner_id is not None:
            for name in _CAPTIONER:
                table = table.filter(pc.equal(table[name], getattr(captioner_id, name)))
        return one_of_each(table, ["uid", *_CAPTIONER], keep="first")

    def add(self, answers: Mapping[str, Answer], captioner_id: CaptionerId) -> None:
        """Keep the answers to the pairs of these uids as one more part."""
        self.rows.add(answers_to_table(answers, captioner_id))

    def settle(self) -> None:
        """Move the parts into the table."""
        if self.rows.has_parts:
            self.rows.replace(self.load())


def answers_to_table(answers: Mapping[str, Answer], captioner_id: CaptionerId) -> pa.Table:
    """Return ``answers``, by uid, as a table with the schema ANSWERS."""
    columns = [
        list(answers),
        *([getattr(captioner_id, name)] * len(answers) for name in _CAPTIONER),
        [answer.text and encodable(answer.text) for answer in answers.values()],
        [answer.is_cut for answer in answers.values()],
        [answer.fault and answer.fault.value for answer in answers.values()],
    ]
    arrays = [pa.array(c, field.type) for c, field in zip(columns, ANSWERS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=ANSWERS)
