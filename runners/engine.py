"""The engine that ``--runner`` names: a function that runs phases."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from ..pipeline.options.engine_options import EngineOptions
from ..pipeline.runs.work import Execute
from .dataflow.dataflow import dataflow_engine
from .direct.direct import run_direct
from .flink.flink import flink_engine
from .portable import portable_engine


def open_engine(options: EngineOptions, root: str) -> AbstractContextManager[Execute]:
    """Give the function that runs phases into the run directory at ``root``.

    What the engine needs is checked first. Raises UsageError or EvenpairError for what is missing.
    """
    match options.runner:
        case "portable":
            return portable_engine(options, root)
        case "flink":
            return flink_engine(options, root)
        case "dataflow":
            return dataflow_engine(options, root)
        case _:
            return _direct_engine(options)


@contextmanager
def _direct_engine(options: EngineOptions) -> Iterator[Execute]:
    yield partial(run_direct, options=options)
