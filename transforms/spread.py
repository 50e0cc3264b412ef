"""Units of work -> the same, distributed evenly among workers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from ..schemas.source import Source
from ..storage import parquet


@dataclass
class Spread(beam.PTransform):
    """The elements to work on, each a bundle of its own.

    A random reshuffle gives one worker many elements and another few; with one key for each
    element, in order, every runner distributes them evenly.
    """

    elements: Sequence[Any]
    lanes: int | None = None
    """The most elements that are worked on at the same time; None leaves that to the runner."""

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
    """The sources of a run, read from their table, so that a job of many sources stays small.

    It is applied to a pipeline, or to a collection of one element that must be there before.
    """

    path: str
    """The path of the table of sources."""

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
    """Return the sources in the table at ``path``."""
    return [Source(**row) for row in parquet.read_table(path).to_pylist()]


def _listed(path: str) -> Iterator[tuple[int, Source]]:
    return map(_numbered, load_sources(path))


class Respread(beam.PTransform):
    """Sources -> the same, distributed anew once all of them have arrived."""

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return (
            sources
            | beam.Map(_numbered)
            | beam.GroupByKey()
            | beam.FlatMap(lambda element: list(element[1])[:1])
        )


def _numbered(source: Source) -> tuple[int, Source]:
    return source.number, source
