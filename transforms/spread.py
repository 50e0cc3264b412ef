"""Units of work -> the same, dealt out evenly to all workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam


@dataclass
class Spread(beam.PTransform):
    """The elements to work on, none of them fused with another.

    A random reshuffle gives one worker many elements and another few; one key for each element, in
    order, is dealt out evenly by every runner.
    """

    elements: Sequence[Any]

    def expand(self, root: beam.Pipeline) -> beam.PCollection:
        return (
            root
            | beam.Create(list(enumerate(self.elements)))
            | beam.GroupByKey()
            | beam.FlatMap(lambda element: list(element[1]))
        )
