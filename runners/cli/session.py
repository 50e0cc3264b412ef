"""How a command opens its run: the engine from its options, the lock, the summary at its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...pipeline.options.engine_options import DataflowOptions, EngineOptions
from ..address_space import require_address_space
from ..direct.fork_workers import begin_imports
from .last_resort import traceback_kept_in
from .options import option_group, record_from
from .printing import print_lines

if TYPE_CHECKING:
    from ...pipeline.runs.run import Run

Values = dict[str, Any]
"""The values of a command's options, by name."""
BeamOptions = tuple[str, ...]
"""What followed ``--`` on the command line."""

_Command = TypeVar("_Command", bound=Callable[..., None])


def engine_groups(command: _Command) -> _Command:
    """Give a command the options of engines, and have its workers import what they need early."""
    grouped = option_group("Dataflow (--runner dataflow)", DataflowOptions)(_with_workers(command))
    return option_group("Engine", EngineOptions)(grouped)


def _with_workers(command: _Command) -> _Command:
    @wraps(command)
    def start_first(*arguments: Any, **values: Any) -> None:
        require_address_space()
        if values["runner"] == "direct" and values["workers"] > 1:
            begin_imports()
        command(*arguments, **values)

    return cast(_Command, start_first)


def engine_options(beam: BeamOptions, values: Values) -> EngineOptions:
    """Return the options of the engine."""
    dataflow = record_from(DataflowOptions, values)
    return record_from(EngineOptions, values, beam=beam, dataflow=dataflow)


@contextmanager
def session(out: str, beam: BeamOptions, values: Values, **how: Any) -> Iterator["Run"]:
    """Open the run directory ``out``, as ``open_run`` does, on the engine that the options name."""
    engine = engine_options(beam, values)
    from .open_run import open_run

    with open_run(out, engine, **how) as run, traceback_kept_in(run.directory.root):
        yield run


def print_summary(run: "Run") -> None:
    """Print the summary of a finished run."""
    from ...pipeline.report.summary import summary_lines

    print_lines(summary_lines(run))
