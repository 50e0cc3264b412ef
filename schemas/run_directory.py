"""The paths of a run's tables, shards and report."""

from dataclasses import dataclass
from urllib.parse import quote

from .phase import Phase
from .run_tables import WORK, RunEntry, RunTable


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths inside a run directory, which may lie on any file system."""

    root: str
    shards_folder: str = RunEntry.SHARDS.path
    """The folder of the output shards; another one while new shards are written beside finished."""

    def path(self, *parts: str) -> str:
        """Return the path of something inside the run directory."""
        return "/".join((self.root.rstrip("/"), *parts))

    def table(self, table: RunTable, name: str) -> str:
        """Return the path of a table's file for the source ``name``."""
        return self.path(table.folder, f"{name}.parquet")

    def folder(self, table: RunTable) -> str:
        """Return the folder of a table."""
        return self.path(table.folder)

    def scratch(self, *parts: str) -> str:
        """Return the path of a temporary file of a phase."""
        return self.path(WORK, *parts)

    def rejections(self, phase: Phase, unit: str) -> str:
        """Return the path of a unit's rejections; the name is quoted, for the folder is flat."""
        return self.path(RunEntry.REJECTIONS.path, f"{phase.value}-{quote(unit, safe='')}.parquet")

    @property
    def downloads(self) -> str:
        """The folder of images that the run downloaded from lists of urls."""
        return self.path(RunEntry.DOWNLOADS.path)

    @property
    def statistics(self) -> str:
        """The information model of the run."""
        return self.path(RunEntry.STATISTICS.path)

    @property
    def sources(self) -> str:
        """The table of source shards that the run was started with."""
        return self.path(RunEntry.SOURCES.path)

    @property
    def plan(self) -> str:
        """The table of the pieces of sources that make up each output shard."""
        return self.path(RunEntry.PLAN.path)

    @property
    def accounting(self) -> str:
        """The table of pairs read, written and rejected, for each source shard."""
        return self.path(RunEntry.ACCOUNTING.path)

    @property
    def shards(self) -> str:
        """The folder that training reads."""
        return self.path(self.shards_folder)

    @property
    def work(self) -> str:
        """The folder of temporary files."""
        return self.path(WORK)

    @property
    def record(self) -> str:
        """The record of the run: every option, version and count."""
        return self.path(RunEntry.RECORD.path)

    @property
    def report(self) -> str:
        """The report, a page of HTML."""
        return self.path(RunEntry.REPORT.path)
