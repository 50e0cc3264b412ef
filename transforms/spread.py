"""Units of work -> the same, dealt out evenly to workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from ..schemas.source import Source


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
