"""Shards -> their reports, by processes that may die: one bad image costs no other its verdict."""

import os
import posixpath
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ...schemas.finding import Finding, Problem
from ...schemas.source import Source
from ...transforms.verify.verify_archive import ImagePlace, ShardReport, verify_archive
from ...transforms.verify.verify_images import verify_images
from ...transforms.verify.verify_table import verify_table
from ..options.phase_options import VerifyOptions

_IMAGES = 64
_AHEAD = 3

MakePool = Callable[[int], Executor]
"""How many processes at most, 0 for one each core -> an executor of them."""


@dataclass(slots=True)
class _Shard:
    """A shard on its way: its report, and what its images gave so far."""

    source: Source
    report: ShardReport | None = None
    waiting: int = 0
    decoded: dict[int, list[Finding]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return self.report is not None and self.waiting == 0

    def finished(self) -> ShardReport:
        """Return the report with what the images gave, in their order; the places are let go."""
        if self.report is None:
            raise ValueError(f"{self.name} is still at work")
        self.report.findings += (f for at in sorted(self.decoded) for f in self.decoded[at])
        self.report.images = []
        return self.report

    @property
    def name(self) -> str:
        return self.source.name + posixpath.splitext(self.source.path)[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A call in another process: about a shard as a whole, or some of its images."""

    shard: _Shard
    first: int = 0
    places: tuple[ImagePlace, ...] = ()

    def submit(self, pool: Executor, options: VerifyOptions) -> "Future[Any]":
        where = self.shard.source.path, self.shard.name
        if self.places:
            return pool.submit(verify_images, *where, self.places)
        if self.shard.source.is_table:
            return pool.submit(verify_table, *where, decode=not options.no_decode)
        return pool.submit(verify_archive, *where, signatures=options.no_decode)

    def halves(self) -> tuple["_Task", "_Task"]:
        half = len(self.places) // 2
        later = replace(self, first=self.first + half, places=self.places[half:])
        return replace(self, places=self.places[:half]), later


class ShardTasks:
    """All tasks of all shards, few of them at work or waiting at any time."""

    def __init__(self, options: VerifyOptions, make_pool: MakePool) -> None:
        self._options = options
        self._make_pool = make_pool
        self._pool = make_pool(options.workers)
        self._most = _AHEAD * (options.workers or os.cpu_count() or 1)
        self._images: deque[_Task] = deque()
        self._running: dict[Future[Any], _Task] = {}

    def close(self) -> None:
        """Stop the processes."""
        self._pool.shutdown(cancel_futures=True)

    def map(self, function: Callable[..., Any], *arguments: Iterable[Any]) -> Iterator[Any]:
        """Call a function in the processes, as the built-in ``map`` would here."""
        return self._pool.map(function, *arguments)

    def run(self, sources: Sequence[Source]) -> Iterator[ShardReport]:
        """Yield the report of every shard, in their order, the findings of its images among it."""
        fresh = iter([_Shard(source) for source in sources])
        started: deque[_Shard] = deque()
        while True:
            for task in islice(self._next(fresh, started), self._most - len(self._running)):
                self._running[task.submit(self._pool, self._options)] = task
            if not self._running:
                return
            self._collect()
            while started and started[0].is_done:
                yield started.popleft().finished()

    def _next(self, fresh: Iterator[_Shard], started: deque[_Shard]) -> Iterator[_Task]:
        while True:
            if self._images:
                yield self._images.popleft()
            elif shard := next(fresh, None):
                started.append(shard)
                yield _Task(shard)
            else:
                return

    def _collect(self) -> None:
        """Take what is done; where a process died, all that was running is run again, alone."""
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
            done, _ = wait(self._running)
            self.close()
            self._pool = self._make_pool(self._options.workers)
        for future in done:
            task = self._running.pop(future)
            broken = isinstance(future.exception(), BrokenProcessPool)
            self._deliver(task, self._run_alone(task) if broken else future.result())

    def _deliver(self, task: _Task, result: Any) -> None:  # noqa: ANN401 - as the task gives it
        shard = task.shard
        if task.places:
            shard.decoded[task.first] = result
            shard.waiting -= 1
            return
        shard.report = result
        if self._options.no_decode or shard.source.is_table:
            return
        for first in range(0, len(result.images), _IMAGES):
            places = tuple(result.images[first : first + _IMAGES])
            self._images.append(_Task(shard, first, places))
            shard.waiting += 1

    def _run_alone(self, task: _Task) -> Any:  # noqa: ANN401 - as the task gives it
        """Return what a task gives in a process of its own; one that dies, too, is to blame."""
        with self._make_pool(1) as pool, suppress(BrokenProcessPool):
            return task.submit(pool, self._options).result()
        if len(task.places) > 1:
            return [found for half in task.halves() for found in self._run_alone(half)]
        if task.places:
            detail = "the process that decoded it died"
            return [Finding(task.shard.name, task.places[0].key, Problem.UNDECODABLE_IMAGE, detail)]
        report = ShardReport(task.shard.source.path, task.shard.name)
        report.find(Problem.UNREADABLE, detail="the process that read it died")
        return report
