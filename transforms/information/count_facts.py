"""Units with facts -> the numbers of captions that state each fact, in buckets to sum apart."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.facts import facts_from_table
from ...schemas.statistics import count_events
from ...schemas.unit import Unit
from ...storage.spill import Spilled
from ..spill_buckets import SpillBuckets
from ..text.recognise_language import PARSER_LANGUAGE
from .event_tables import EventSum, events_to_table


def count_unit(unit: Unit) -> pa.Table:
    """Return the counted events, with the schema EVENTS, of captions in the parser's language."""
    readable = unit.table.filter(pc.equal(unit.table["language"], PARSER_LANGUAGE))
    return events_to_table(count_events(facts_from_table(readable)))


class _Count(SpillBuckets):
    def process(self, unit: Unit) -> Iterator[tuple[int, Spilled]]:
        yield from self.collect(count_unit(unit))


@dataclass
class CountFacts(beam.PTransform):
    """Unit -> PartialCounts, spilled to files."""

    folder: str
    """The folder of the spilled files."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Count(EventSum, self.folder))
