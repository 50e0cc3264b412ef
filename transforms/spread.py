"""Units of work -> the same, dealt out evenly to workers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from ..schemas.source import Source
from ..storage import files


@dataclass
class Spread(beam.PTransform):
    """The elements to work on, none of them fused with another.

    A random reshuffle gives one worker many elements and another few; one key for each element, in
    order, is dealt out evenly by every runner. ``lanes`` are the most that may be worked on at the
    same time, and the most workers; None leaves that to the runner.
    """

    elements: Sequence[Any]
    lanes: int | None = None

    def expand(self, root: beam.Pipeline) -> beam.PCollection:
        lanes = self.lanes or max(1, len(self.elements))
        return (
            root
            | beam.Create([(at % lanes, element) for at, element in enumerate(self.elements)])
            | beam.GroupByKey()
            | beam.FlatMap(lambda element: list(element[1]))
        )


@dataclass
class SpreadSources(beam.PTransform):
    """The sources that a run's table lists, dealt out alike: a job of many stays a small job.

    It is applied to a pipeline, or to a collection of one element that must be there before.
    """

    path: str

    def expand(self, start: beam.PCollection) -> beam.PCollection:
        is_root = isinstance(start, beam.pvalue.PBegin)
        path = self.path
        paths = beam.Create([path]) if is_root else beam.Map(lambda _: path)
        return (
            start
            | "Path" >> paths
            | beam.FlatMap(_listed)
            | beam.GroupByKey()
            | beam.FlatMap(lambda element: list(element[1]))
        )


def load_sources(path: str) -> list[Source]:
    """Return the sources that the table at ``path`` lists."""
    return [Source(**row) for row in files.read_table(path).to_pylist()]


def _listed(path: str) -> Iterator[tuple[int, Source]]:
    return map(_numbered, load_sources(path))


class Respread(beam.PTransform):
    """Sources -> the same, dealt out anew to all workers when all of them are there."""

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return (
            sources
            | beam.Map(_numbered)
            | beam.GroupByKey()
            | beam.FlatMap(lambda element: list(element[1])[:1])
        )


def _numbered(source: Source) -> tuple[int, Source]:
    return source.number, source
