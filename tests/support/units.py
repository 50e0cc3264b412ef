"""Units of work that are a function applied to elements, on this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.pipeline.runs.work import Work
from evenpair.runners.direct.direct import run_direct
from evenpair.schemas.rejection import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.spread import Spread


def run_units(
    function: Callable[[Any], object], elements: Sequence[Any], folder: Path, engine: EngineOptions
) -> None:
    """Apply ``function`` to each element as if it were a unit of ``score``."""
    work = Work(Phase.SCORE, len(elements), RunDirectory(str(folder)))
    run_direct(lambda root: root | Spread(elements) | beam.Map(function), work, engine)
