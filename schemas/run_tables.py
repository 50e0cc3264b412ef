"""The folders and files of a run directory: the phase, the path and the schema of each."""

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

from . import tables
from .phase import Phase
from .statistics import STATISTICS

WORK = "work"
"""The folder of files that a phase needs only while it runs."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A folder with one Parquet file for each source shard."""

    folder: str
    phase: Phase
    schema: pa.Schema | None = None
    """Its columns, in scores followed by the source's own; None if those are all that it has."""
    rows: str = ""
    """The end of the sentence "One row for each ..."."""
    is_kept: bool = False
    """Whether a phase that is redone keeps it: captions and vectors are expensive."""


def _embeddings(name: str) -> _Table:
    rows = "pair that an encoder has embedded"
    return _Table(f"embeddings/{name}", Phase.ENRICH, tables.EMBEDDINGS, rows, is_kept=True)


class RunTable(Enum):
    """The tables of a run, one Parquet file for each source shard."""

    PARSED = _Table(f"{WORK}/parsed", Phase.SCORE)
    SCORES = _Table("scores", Phase.SCORE, tables.SCORES, "pair; the source's other fields follow")
    ANSWERS = _Table(
        "answers",
        Phase.ENRICH,
        tables.ANSWERS,
        "answer of a captioner, kept for good",
        is_kept=True,
    )
    CAPTIONS = _Table(
        "captions", Phase.ENRICH, tables.CAPTIONS, "pair that was to be captioned", is_kept=True
    )
    SIMILARITY_VECTORS = _embeddings("similarity")
    IMAGE_VECTORS = _embeddings("image")
    TEXT_VECTORS = _embeddings("text")
    JUDGED = _Table(f"{WORK}/judged", Phase.SELECT)
    SELECTION = _Table("selection", Phase.SELECT, tables.SELECTION, "scored pair")

    @property
    def folder(self) -> str:
        """Its path inside the run directory."""
        return self.value.folder

    @property
    def phase(self) -> Phase:
        """The phase that writes it."""
        return self.value.phase

    @property
    def schema(self) -> pa.Schema | None:
        """Its Arrow schema, None if the source's own fields decide it."""
        return self.value.schema


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a run directory, or a folder that is not one of its tables."""

    path: str
    phase: Phase | None = None
    """The phase that writes it; None for those that belong to the run as a whole."""
    schema: pa.Schema | None = None
    """The columns of its Parquet files."""
    rows: str = ""
    """The end of the sentence "One row for each ..."."""


class RunEntry(Enum):
    """The other files and folders of a run directory."""

    RECORD = _Entry("run.json")
    SOURCES = _Entry("sources.parquet", None, tables.SOURCES, "source shard of the run")
    WORK = _Entry(WORK, Phase.SCORE)
    DOWNLOADS = _Entry("downloads")
    REPORT = _Entry("report.html")
    REJECTIONS = _Entry("rejections", None, tables.REJECTIONS, "rejected pair")
    STATISTICS = _Entry(
        "statistics.parquet",
        Phase.SCORE,
        STATISTICS,
        "event; `full_level_bits` in the metadata is the full level",
    )
    STATISTICS_INDEX = _Entry("statistics.index.npy", Phase.SCORE)
    PLAN = _Entry(
        "plan.parquet", Phase.SELECT, tables.PLAN, "piece of an output shard: a run of kept pairs"
    )
    SHARDS = _Entry("shards")
    ACCOUNTING = _Entry("accounting.parquet", None, tables.ACCOUNTING, "source shard")

    @property
    def path(self) -> str:
        """Its path inside the run directory."""
        return self.value.path

    @property
    def schema(self) -> pa.Schema | None:
        """The Arrow schema of its Parquet files, None if it has none of a fixed schema."""
        return self.value.schema


def outputs_of(phase: Phase) -> list[str]:
    """Return the paths that are removed when ``phase`` is redone."""
    entries = [entry.path for entry in RunEntry if entry.value.phase is phase]
    folders = [t.folder for t in RunTable if t.phase is phase and not t.value.is_kept]
    return [*entries, *folders]


def top_names() -> list[str]:
    """Return the names that evenpair gives to files and folders at the top of a run directory."""
    paths = [*(entry.path for entry in RunEntry), *(table.folder for table in RunTable)]
    return list(dict.fromkeys(path.partition("/")[0] for path in paths))
