"""How far a phase is, told from the tables that it has finished; silent in a log."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..pipeline.phases import Work
from ..transforms import storage

_SECONDS = 0.5


@contextmanager
def show_progress(work: Work) -> Iterator[None]:
    """Show on a terminal how many units of ``work`` are finished, while the block runs."""
    if not sys.stderr.isatty() or not storage.is_local(work.folder):
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    stop = threading.Event()
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(work.phase.value, total=work.units)
        before = _finished(work.folder)

        def watch() -> None:
            while not stop.wait(_SECONDS):
                progress.update(task, completed=_finished(work.folder) - before)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
            progress.update(task, completed=work.units)
        finally:
            stop.set()
            watcher.join()


def _finished(folder: str) -> int:
    return sum(1 for _ in Path(folder).rglob("[!.]*.parquet"))
