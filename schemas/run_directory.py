"""Where a run keeps its tables, shards and report."""

from dataclasses import dataclass
from urllib.parse import quote

from .rejection import Phase


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths inside a run directory, which may lie on any file system."""

    root: str

    def path(self, *parts: str) -> str:
        """Return the path of something inside the run directory."""
        return "/".join((self.root.rstrip("/"), *parts))

    def table(self, kind: str, name: str) -> str:
        """Return the path of a source's table, such as ``("scores", "00000")``."""
        return self.path(kind, f"{name}.parquet")

    def rejections(self, phase: Phase, unit: str) -> str:
        """Return the path of what a phase rejected of one unit; the folder is flat."""
        return self.path("rejections", f"{phase.value}-{quote(unit, safe='')}.parquet")

    @property
    def downloads(self) -> str:
        """The images that the run was given the urls of."""
        return self.path("downloads")

    @property
    def statistics(self) -> str:
        """The information model of the run."""
        return self.path("statistics.parquet")

    @property
    def sources(self) -> str:
        """The source shards that the run was begun with."""
        return self.path("sources.parquet")

    @property
    def plan(self) -> str:
        """Which pieces of which sources make up each output shard."""
        return self.path("plan.parquet")

    @property
    def accounting(self) -> str:
        """What became of every pair, for each source shard."""
        return self.path("accounting.parquet")

    @property
    def shards(self) -> str:
        """The folder that training reads."""
        return self.path("shards")

    @property
    def work(self) -> str:
        """What a phase needs only until it is done."""
        return self.path("work")

    @property
    def record(self) -> str:
        """Every option, version and count of the run."""
        return self.path("run.json")

    @property
    def report(self) -> str:
        """The page that a person reads."""
        return self.path("report.html")
