"""The description of a phase that a runner gets: its pipeline, its size, where progress shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import apache_beam as beam
import pyarrow as pa

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, RunTable
from ...schemas.source import Source
from ...storage import files, parquet

Hints = Mapping[str, str]
"""Beam's resource hints: what a step needs of the machines that it runs on."""

Build = Callable[[beam.Pipeline], None]
"""A function that wires a phase into a pipeline."""


@dataclass(frozen=True, slots=True)
class Step:
    """A pass over the units of a phase: its name, and the folder in which their tables appear."""

    name: str
    folder: str
    gathers: bool = False
    """Whether a table that is written again keeps its earlier rows."""


DOWNLOAD = "download"
"""The work before the phases, where INPUT are lists of urls."""

STEPS: dict[str, tuple[Step, ...]] = {
    DOWNLOAD: (Step("images", ""),),
    Phase.SCORE: (
        Step("parse", RunTable.PARSED.folder),
        Step("score", RunTable.SCORES.folder),
    ),
    Phase.ENRICH: (
        Step("caption", RunTable.ANSWERS.folder, gathers=True),
        Step("read captions", RunTable.CAPTIONS.folder),
    ),
    Phase.SELECT: (
        Step("judge", RunTable.JUDGED.folder),
        Step("select", RunTable.SELECTION.folder),
    ),
    Phase.WRITE: (Step("write", RunEntry.SHARDS.path),),
}

FEW: dict[str, int] = {Phase.SCORE: 6_000, Phase.SELECT: 100_000, Phase.WRITE: 6_000}
"""The number of pairs that one process finishes in the time that others take to start."""


@dataclass(frozen=True, slots=True)
class Work:
    """The work of a phase that is still to be done."""

    phase: str
    units: int
    run_dir: RunDirectory
    pairs: Iterable[int] = ()
    """The approximate number of pairs of each unit, read only as far as needed."""
    steps: Sequence[Step] = ()
    """The steps that progress shows, by default those of the whole phase."""
    files: Sequence[str] = ()
    """Files that workers read besides the sources."""
    is_part: bool = False
    """Whether other launchers may work on other parts of the phase."""
    apart: bool = False
    """Whether it must run outside the launcher's process, because it prints."""
    hints: Hints = field(default_factory=dict)
    """The resource hints of its step that captions."""
    sources: Sequence[Source] = ()
    """The source shards that are read."""

    def paths(self) -> list[str]:
        """Return every path that workers read or write: the run directory, sources, other files."""
        return [self.run_dir.root, *(source.path for source in self.sources), *self.files]

    def is_small(self) -> bool:
        """Return whether one process finishes it before others would have started."""
        total = 0
        for count in self.pairs:
            total += count
            if total > FEW.get(self.phase, 0):
                return False
        return self.phase in FEW


Execute = Callable[[Build, Work], None]
"""A function that runs a pipeline to its end, on the engine that the user chose."""

_BYTES_A_SAMPLE = 10_000


def pairs_of(source: Source) -> int:
    """Return how many pairs a source holds, by its Parquet file, or estimated from its size."""
    try:
        if source.is_folder:
            return len(files.walk(source.path))
        if files.exists(source.parquet_path):
            return rows_of(source.parquet_path)
        return files.size_of(source.path) // _BYTES_A_SAMPLE
    except (OSError, pa.ArrowInvalid):
        return 0


def rows_of(path: str) -> int:
    """Return how many rows the Parquet table at ``path`` has."""
    with parquet.open_table(path) as table:
        return int(table.metadata.num_rows)
