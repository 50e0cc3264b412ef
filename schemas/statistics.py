"""The information model as a file: the number of captions of a corpus that state each fact.

``statistics.parquet`` has the columns ``kind``, ``terms`` and ``count``, and the full level in its
metadata. Counts are exact integers, so the file does not depend on how the work was split.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, combinations
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from .facts import Facts


class Kind(StrEnum):
    """A kind of event; events are counted in captions."""

    CAPTION = "caption"  # ()
    OBJECT = "object"  # (object,)
    ATTRIBUTE = "attribute"  # (object, attribute)
    RELATION = "relation"  # (subject, predicate, object)
    TOGETHER = "together"  # (object, object), alphabetical: both in one caption
    QUALITY = "quality"  # (attribute,), of any object
    PREDICATE = "predicate"  # (predicate,), between any objects
    ANY_OBJECT = "any-object"  # ()
    ANY_TOGETHER = "any-together"  # ()


Event = tuple[str, ...]
"""A kind and its terms, such as ``("attribute", "dog", "brown")``."""


class Counts(Protocol):
    """A table in which the count of an event can be looked up."""

    def get(self, event: Event, default: int = 0, /) -> int:
        """Return the count of ``event``, or ``default`` if it does not occur."""
        ...


STATISTICS = pa.schema(
    [("kind", pa.string()), ("terms", pa.list_(pa.string())), ("count", pa.int64())]
)
EVENTS = pa.schema([("event", pa.string()), ("count", pa.int64())])
"""Counted events: ``event`` is the kind and the terms, joined by SEPARATOR."""

SEPARATOR = "\x1f"
_LEVEL = b"full_level_bits"
_COMMON = b"common_counts"
_MAX_TOGETHER = 24


@dataclass(slots=True)
class Statistics:
    """Counts of events over a corpus, and its full level in bits."""

    counts: Any = field(default_factory=Counter)
    """A ``Counter[Event]``, or any Counts if ``common`` is set."""
    full_level: float = 0.0
    common: Mapping[str, int] | None = field(default=None, compare=False)
    """The counts of a common term of each kind; None to compute them from ``counts``."""


def common_counts(counts: Mapping[Event, int]) -> dict[str, int]:
    """Return the count of a common object, attribute and predicate, by kind.

    Terms with at least that count make up a quarter of all uses of the kind. The count is 0 for a
    kind without terms.
    """
    return {
        kind.value: _common(count for event, count in counts.items() if event[0] == kind)
        for kind in _WITH_COMMON
    }


_WITH_COMMON = (Kind.OBJECT, Kind.QUALITY, Kind.PREDICATE)


def _common(counts: Iterable[int]) -> int:
    ordered = sorted(counts, reverse=True)
    quarter, sums = sum(ordered) / 4, zip(ordered, accumulate(ordered), strict=True)
    return next((count for count, uses in sums if uses >= quarter), 0)


def events(facts: Facts) -> Iterator[Event]:
    """Yield the events of one caption; pairs are formed of its first 24 objects only.

    QUALITY, PREDICATE, ANY_OBJECT and ANY_TOGETHER are sums over more specific events, so a caption
    yields them once for each of those. Kinds are plain strings, for members of Kind hash slowly.
    """
    yield ("caption",)
    for term in facts.objects:
        yield ("object", term)
        yield ("any-object",)
    for attribute in facts.attributes:
        yield ("attribute", *attribute)
        yield ("quality", attribute.attribute)
    for relation in facts.relations:
        yield ("relation", *relation)
        yield ("predicate", relation.predicate)
    for pair in combinations(sorted(facts.objects[:_MAX_TOGETHER]), 2):
        yield ("together", *pair)
        yield ("any-together",)


def count_events(captions: Iterable[Facts]) -> Counter[Event]:
    """Return the counts of the events of ``captions``, given by their facts."""
    return Counter(event for facts in captions for event in events(facts))


def statistics_to_table(statistics: Statistics) -> pa.Table:
    """Return the table of ``statistics``, sorted by kind and terms."""
    items = sorted(statistics.counts.items())
    columns = [
        pa.array([str(event[0]) for event, _ in items], pa.string()),
        pa.array([event[1:] for event, _ in items], pa.list_(pa.string())),
        pa.array([count for _, count in items], pa.int64()),
    ]
    common = common_counts(statistics.counts)
    return pa.Table.from_arrays(columns, schema=_schema(statistics.full_level, common))


def schema_of_events(events: pa.Table, full_level: float) -> pa.Schema:
    """Return the schema, metadata included, of the table of statistics of distinct ``events``."""
    masks = {kind.value: pc.starts_with(events["event"], kind + SEPARATOR) for kind in _WITH_COMMON}
    common = {
        kind: _common(events["count"].filter(mask).to_pylist()) for kind, mask in masks.items()
    }
    return _schema(full_level, common)


def rows_of_events(events: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return ``events``, sorted by kind and terms, as rows of a table of statistics."""
    terms = pc.split_pattern(events["event"].combine_chunks(), SEPARATOR)
    columns = [pc.list_element(terms, 0), pc.list_slice(terms, 1), events["count"].combine_chunks()]
    return pa.Table.from_arrays(columns, schema=schema)


def events_of_statistics(table: pa.Table) -> pa.Table:
    """Return the events of a table of statistics, with the schema EVENTS."""
    kinds, terms, counts = table.columns
    named = pc.binary_join_element_wise(kinds, pc.binary_join(terms, SEPARATOR), SEPARATOR)
    events = pc.if_else(pc.greater(pc.list_value_length(terms), 0), named, kinds)
    return pa.table([events, counts], schema=EVENTS)


def with_full_level(schema: pa.Schema, full_level: float) -> pa.Schema:
    """Return the schema of a table of statistics with another full level."""
    return _schema(full_level, common_of(schema))


def _schema(full_level: float, common: Mapping[str, int]) -> pa.Schema:
    counts = json.dumps(common, sort_keys=True)
    return STATISTICS.with_metadata({_LEVEL: repr(full_level).encode(), _COMMON: counts.encode()})


def statistics_from_table(table: pa.Table) -> Statistics:
    """Return the statistics in a table. Raises ValueError if it is another table."""
    full_level = full_level_of(table.schema)
    kinds, terms, counts = (column.to_pylist() for column in table.columns)
    rows = zip(kinds, terms, counts, strict=True)
    return Statistics(Counter({(kind, *term): count for kind, term, count in rows}), full_level)


def common_of(schema: pa.Schema) -> dict[str, int]:
    """Return the counts of common terms in the metadata of a table of statistics."""
    counts: dict[str, int] = json.loads((schema.metadata or {})[_COMMON])
    return counts


def full_level_of(schema: pa.Schema) -> float:
    """Return the full level, in bits, in the metadata of a table of statistics.

    Raises ValueError for the schema of another table.
    """
    metadata = schema.metadata or {}
    if not schema.equals(STATISTICS) or _LEVEL not in metadata:
        raise ValueError("not a table of evenpair statistics")
    return float(metadata[_LEVEL])
