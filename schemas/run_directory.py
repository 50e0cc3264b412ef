"""Where a run keeps its tables, shards and report."""

from dataclasses import dataclass
from urllib.parse import quote

from .phase import Phase
from .run_tables import WORK, RunEntry, RunTable


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths inside a run directory, which may lie on any file system."""

    root: str

    def path(self, *parts: str) -> str:
        """Return the path of something inside the run directory."""
        return "/".join((self.root.rstrip("/"), *parts))

    def table(self, table: RunTable, name: str) -> str:
        """Return the path of one of the tables of the source ``name``."""
        return self.path(table.folder, f"{name}.parquet")

    def folder(self, table: RunTable) -> str:
        """Return the folder of a table."""
        return self.path(table.folder)

    def scratch(self, *parts: str) -> str:
        """Return the path of a file that a phase needs only until it is done."""
        return self.path(WORK, *parts)

    def rejections(self, phase: Phase, unit: str) -> str:
        """Return the path of what a phase rejected of one unit; the folder is flat."""
        return self.path(RunEntry.REJECTIONS.path, f"{phase.value}-{quote(unit, safe='')}.parquet")

    @property
    def downloads(self) -> str:
        """The images that the run was given the urls of."""
        return self.path(RunEntry.DOWNLOADS.path)

    @property
    def statistics(self) -> str:
        """The information model of the run."""
        return self.path(RunEntry.STATISTICS.path)

    @property
    def sources(self) -> str:
        """The source shards that the run was begun with."""
        return self.path(RunEntry.SOURCES.path)

    @property
    def plan(self) -> str:
        """Which pieces of which sources make up each output shard."""
        return self.path(RunEntry.PLAN.path)

    @property
    def accounting(self) -> str:
        """What became of every pair, for each source shard."""
        return self.path(RunEntry.ACCOUNTING.path)

    @property
    def shards(self) -> str:
        """The folder that training reads."""
        return self.path(RunEntry.SHARDS.path)

    @property
    def work(self) -> str:
        """What a phase needs only until it is done."""
        return self.path(WORK)

    @property
    def record(self) -> str:
        """Every option, version and count of the run."""
        return self.path(RunEntry.RECORD.path)

    @property
    def report(self) -> str:
        """The page that a person reads."""
        return self.path(RunEntry.REPORT.path)
