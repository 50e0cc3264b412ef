"""The answers that captioners gave for one source: paid for once, kept for good."""

import atexit
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import EvenpairError
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import ANSWERS, encodable
from ...storage import files
from ..captioners.captioner import Answer, CaptionerId
from ..part_store import PartStore, one_of_each

_CAPTIONER = ["model", "revision", "prompt"]
_FAILURES = "captioner-failures"
_SECONDS = 2.0


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
        """Move the parts into the table, sorted by captioner and uid."""
        if self.rows.has_parts:
            order = [(name, "ascending") for name in (*_CAPTIONER, "uid")]
            self.rows.replace(self.load().sort_by(order))

    def keep_failure(self, message: str) -> None:
        """Keep what the captioner said about an image that it failed on, until the phase ends."""
        files.write_bytes(self._failure, message.encode("utf-8", "replace"))

    def failure(self) -> str:
        """Return what the captioner said about an image that it failed on, if it is known."""
        known = files.exists(self._failure)
        return files.read_bytes(self._failure).decode() if known else ""

    @property
    def _failure(self) -> str:
        return self.run_dir.scratch(_FAILURES, self.name)


class AnswerBuffer:
    """Answers on their way into a store, which they reach within two seconds.

    Those that are left are stored at the end of the block, whatever ends it, and where a signal
    ends the process, as far as that runs its exit functions.
    """

    def __init__(self, store: AnswerStore, captioner_id: CaptionerId) -> None:
        self._store = store
        self._captioner_id = captioner_id
        self._answers: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._storing = threading.RLock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._flush_often, daemon=True)

    def __enter__(self) -> "AnswerBuffer":
        self._thread.start()
        atexit.register(self.flush)
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()
        atexit.unregister(self.flush)
        self.flush()

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Take answers by uid, from any thread; those added together are stored together."""
        with self._lock:
            self._answers |= answers

    def flush(self) -> None:
        """Store the answers that wait. Others may be added meanwhile."""
        with self._storing:
            with self._lock:
                answers, self._answers = self._answers, {}
            try:
                if answers:
                    self._store.add(answers, self._captioner_id)
            except BaseException:
                self.add(answers)
                raise

    def _flush_often(self) -> None:
        while not self._end.wait(_SECONDS):
            try:
                self.flush()
            except (OSError, EvenpairError):  # they wait for the last flush, which raises it
                return


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
