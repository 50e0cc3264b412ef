"""Elements -> what is collected from them, in buckets that are spilled when they are large."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from ..storage.spill import Spilled, spill

MOST_ROWS = 500_000
"""The rows that a worker collects before it spills them: some 25 MB."""


class Collection(Protocol):
    """Rows that are collected, and split into numbered buckets of packed rows."""

    @property
    def rows(self) -> int: ...
    def add(self, part: Any) -> None: ...  # noqa: ANN401 - the rows of one element
    def buckets(self) -> Iterator[tuple[int, bytes]]: ...


class SpillBuckets(beam.DoFn):
    """Collects the rows of many elements before it spills them, so that little is shuffled."""

    def __init__(self, begin: Callable[[], Collection], folder: str) -> None:
        self._begin = begin
        self._folder = folder

    def start_bundle(self) -> None:
        self._collection = self._begin()

    def collect(self, part: Any) -> Iterator[tuple[int, Spilled]]:  # noqa: ANN401 - see Collection
        """Add rows; yield the buckets if there are many rows by now."""
        self._collection.add(part)
        if self._collection.rows > MOST_ROWS:
            yield from self._spill()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for bucket in self._spill():
            yield GlobalWindows.windowed_value(bucket)

    def _spill(self) -> Iterator[tuple[int, Spilled]]:
        if self._collection.rows:
            yield from spill(self._folder, self._collection.buckets())
        self.start_bundle()
