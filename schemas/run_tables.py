"""The folders and files of a run directory: the phase, the path and the schema of each."""

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa

from . import tables
from .phase import Phase

WORK = "work"
"""The folder of files that a phase needs only until it is done."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A folder with one Parquet file for each source shard."""

    folder: str
    phase: Phase
    schema: pa.Schema | None = None
    """Its columns; None where the source's own fields decide. Scores append these to theirs."""
    is_kept: bool = False
    """Whether a phase that is redone keeps it: captions and vectors are expensive."""


class RunTable(Enum):
    """The tables of a run, one Parquet file for each source shard."""

    PARSED = _Table(f"{WORK}/parsed", Phase.SCORE)
    MEASURED = _Table(f"{WORK}/measured", Phase.SCORE)
    SCORES = _Table("scores", Phase.SCORE, tables.SCORES)
    ANSWERS = _Table("answers", Phase.ENRICH, tables.ANSWERS, is_kept=True)
    CAPTIONS = _Table("captions", Phase.ENRICH, tables.CAPTIONS, is_kept=True)
    SIMILARITY_VECTORS = _Table(
        "embeddings/similarity", Phase.ENRICH, tables.EMBEDDINGS, is_kept=True
    )
    IMAGE_VECTORS = _Table("embeddings/image", Phase.ENRICH, tables.EMBEDDINGS, is_kept=True)
    TEXT_VECTORS = _Table("embeddings/text", Phase.ENRICH, tables.EMBEDDINGS, is_kept=True)
    JUDGED = _Table(f"{WORK}/judged", Phase.SELECT)
    SELECTION = _Table("selection", Phase.SELECT, tables.SELECTION)

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
        """Its Arrow schema, None where the source's own fields decide."""
        return self.value.schema


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file of a run directory, or a folder that holds other files than tables of sources."""

    path: str
    phase: Phase | None = None
    """The phase that writes it, None for those that belong to the run as a whole."""


class RunEntry(Enum):
    """The files of a run directory, and its folders without tables of sources."""

    RECORD = _Entry("run.json")
    SOURCES = _Entry("sources.parquet")
    WORK = _Entry(WORK, Phase.SCORE)
    DOWNLOADS = _Entry("downloads")
    REPORT = _Entry("report.html")
    REJECTIONS = _Entry("rejections")
    STATISTICS = _Entry("statistics.parquet", Phase.SCORE)
    STATISTICS_INDEX = _Entry("statistics.index.npy", Phase.SCORE)
    PLAN = _Entry("plan.parquet", Phase.SELECT)
    SHARDS = _Entry("shards", Phase.WRITE)
    ACCOUNTING = _Entry("accounting.parquet", Phase.WRITE)

    @property
    def path(self) -> str:
        """Its path inside the run directory."""
        return self.value.path


def outputs_of(phase: Phase) -> list[str]:
    """Return the paths that are removed when ``phase`` is redone."""
    entries = [entry.path for entry in RunEntry if entry.value.phase is phase]
    folders = [t.folder for t in RunTable if t.phase is phase and not t.value.is_kept]
    return [*entries, *folders]


def top_names() -> list[str]:
    """Return the names that evenpair gives to files and folders at the top of a run directory."""
    paths = [*(entry.path for entry in RunEntry), *(table.folder for table in RunTable)]
    return list(dict.fromkeys(path.partition("/")[0] for path in paths))
