"""Progress bars of a phase, from the tables that it has finished; nothing in a log."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ..pipeline.runs.work import STEPS, Step, Work
from ..storage import files
from .finished_tables import FinishedTables

_LOCAL_SECONDS = 0.5
_REMOTE_SECONDS = 15.0


@contextmanager
def show_progress(work: Work) -> Iterator[None]:
    """Show the finished shards and pairs of ``work`` on a terminal while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    seconds = _LOCAL_SECONDS if files.is_local(work.run_dir.root) else _REMOTE_SECONDS
    stop = threading.Event()
    with Progress(*_columns(), console=Console(stderr=True)) as display:
        bars = [_Bar(display, work, step) for step in work.steps or STEPS[work.phase]]

        def watch() -> None:
            while not stop.wait(seconds):
                for bar in bars:
                    bar.update()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
            for bar in bars:
                bar.update()


def _columns() -> tuple[TextColumn | BarColumn | MofNCompleteColumn | TimeRemainingColumn, ...]:
    counts = "shards, {task.fields[pairs]:,} pairs, {task.fields[rate]:,.0f}/s"
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(counts),
        TimeRemainingColumn(),
    )


def _folder(work: Work, step: Step) -> str:
    return work.run_dir.path(step.folder) if step.folder else work.run_dir.root


class _Bar:
    """The line of one step; it appears with the first finished table."""

    def __init__(self, display: Progress, work: Work, step: Step) -> None:
        self._display = display
        self._name = f"{work.phase}: {step.name}"
        self._units = work.units
        self._tables = FinishedTables(_folder(work, step), gathers=step.gathers)
        self._since = time.monotonic()
        self._task: TaskID | None = None

    def update(self) -> None:
        units, pairs = self._tables.look()
        now = time.monotonic()
        if not units and not pairs:
            self._since = now
            return
        if self._task is None:
            self._task = self._display.add_task(self._name, total=self._units, pairs=0, rate=0.0)
        rate = pairs / max(now - self._since, 1e-3)
        self._display.update(self._task, completed=units, pairs=pairs, rate=rate)
