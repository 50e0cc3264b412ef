"""What a runner is told of a phase: what to build, how much there is to do, where it shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import apache_beam as beam
import pyarrow as pa

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, RunTable
from ...schemas.source import Source
from ...storage import files

Hints = Mapping[str, str]
"""What a step asks of the machines that it runs on, as Beam's resource hints."""

Build = Callable[[beam.Pipeline], None]
"""Wires a phase into a pipeline."""


@dataclass(frozen=True, slots=True)
class Step:
    """A pass over the units of a phase: its name, and the folder in which their tables appear."""

    name: str
    folder: str
    gathers: bool = False
    """Whether a table there takes up what it held before."""


DOWNLOAD = "download"
"""What comes before the phases, where images are only named by their urls."""

STEPS: dict[str, tuple[Step, ...]] = {
    DOWNLOAD: (Step("images", ""),),
    Phase.SCORE: (
        Step("parse", RunTable.PARSED.folder),
        Step("measure", RunTable.MEASURED.folder),
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
"""Pairs that one process has done before more of them would have started."""


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do in a phase."""

    phase: str
    units: int
    run_dir: RunDirectory
    pairs: Iterable[int] = ()
    """About how many pairs each unit has; it is looked at only as far as it must be."""
    steps: Sequence[Step] = ()
    """What is shown of it, unless it is what the whole phase shows."""
    files: Sequence[str] = ()
    """What workers read besides the sources."""
    is_part: bool = False
    """Whether other launchers may be at work on other parts of it."""
    apart: bool = False
    """Whether it must not be done in the launcher's process, whose output it would disturb."""
    hints: Hints = field(default_factory=dict)
    """What one of its steps asks of the machines that it runs on."""
    sources: Sequence[Source] = ()
    """What is read besides the run directory."""

    def paths(self) -> list[str]:
        """Return the run directory, the sources and other files, all of which workers must see."""
        return [self.run_dir.root, *(source.path for source in self.sources), *self.files]

    def is_small(self) -> bool:
        """Return whether it is done before worker processes would have started."""
        total = 0
        for count in self.pairs:
            total += count
            if total > FEW.get(self.phase, 0):
                return False
        return self.phase in FEW


Execute = Callable[[Build, Work], None]
"""Runs a pipeline to its end, wherever the user asked for."""

_BYTES_A_SAMPLE = 10_000


def pairs_of(source: Source) -> int:
    """Return how many pairs a source holds: what its parquet says, or a guess by its size."""
    try:
        if files.exists(source.parquet_path):
            return rows_of(source.parquet_path)
        return files.size_of(source.path) // _BYTES_A_SAMPLE
    except (OSError, pa.ArrowInvalid):
        return 0


def rows_of(path: str) -> int:
    """Return how many rows the Parquet table at ``path`` has."""
    with files.open_table(path) as table:
        return int(table.metadata.num_rows)
