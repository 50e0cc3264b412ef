"""The information model as a file: how many captions of a corpus state each fact.

``statistics.parquet`` has the columns ``kind``, ``terms`` and ``count``; its metadata holds the
full level. Counts are exact integers, so that every way of splitting the work gives the same file.
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
    """What is counted, each in captions."""

    CAPTION = "caption"  # ()
    OBJECT = "object"  # (object,)
    ATTRIBUTE = "attribute"  # (object, attribute)
    RELATION = "relation"  # (subject, predicate, object)
    TOGETHER = "together"  # (object, object), in alphabetical order: both in one caption
    QUALITY = "quality"  # (attribute,), of whatever object
    PREDICATE = "predicate"  # (predicate,), between whatever objects
    ANY_OBJECT = "any-object"  # ()
    ANY_TOGETHER = "any-together"  # ()


Event = tuple[str, ...]
"""A kind and its terms, such as ``("attribute", "dog", "brown")``."""


class Counts(Protocol):
    """Where the count of an event can be looked up."""

    def get(self, event: Event, default: int = 0, /) -> int:
        """Return the count of ``event``, or ``default`` where it was never seen."""
        ...


SCHEMA = pa.schema([("kind", pa.string()), ("terms", pa.list_(pa.string())), ("count", pa.int64())])
EVENTS = pa.schema([("event", pa.string()), ("count", pa.int64())])
"""Events while they are counted: a kind and its terms in one text, with SEPARATOR between them."""

SEPARATOR = "\x1f"
_LEVEL = b"full_level_bits"
_COMMON = b"common_counts"
_MAX_TOGETHER = 24


@dataclass(slots=True)
class Statistics:
    """Counts of events over a corpus, and its full level in bits."""

    counts: Any = field(default_factory=Counter)
    """A ``Counter[Event]``, or other Counts where ``common`` is given."""
    full_level: float = 0.0
    common: Mapping[str, int] | None = field(default=None, compare=False)
    """The counts of a common object, attribute and predicate, None to find them in ``counts``."""


def common_counts(counts: Mapping[Event, int]) -> dict[str, int]:
    """Return the count of a common term of each kind: the first quartile of all uses.

    A quarter of what is said is said with terms at least as frequent; 0 for a kind without terms.
    """
    return {
        kind.value: _common(count for event, count in counts.items() if event[0] == kind)
        for kind in _WITH_COMMON
    }


_WITH_COMMON = (Kind.OBJECT, Kind.QUALITY, Kind.PREDICATE)


def _common(counts: Iterable[int]) -> int:
    used = sorted(counts, reverse=True)
    quarter, reached = sum(used) / 4, zip(used, accumulate(used), strict=True)
    return next((count for count, uses in reached if uses >= quarter), 0)


def events(facts: Facts) -> Iterator[Event]:
    """Yield what one caption adds one to; only the first 24 objects are paired with each other.

    QUALITY, PREDICATE, ANY_OBJECT and ANY_TOGETHER are sums over the more specific events, so a
    caption adds to them once for each of those. Members of Kind would hash slowly.
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
    """Count the events of ``captions``."""
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
    kinds = {kind.value: pc.starts_with(events["event"], kind + SEPARATOR) for kind in _WITH_COMMON}
    common = {
        kind: _common(events["count"].filter(of_kind).to_pylist())
        for kind, of_kind in kinds.items()
    }
    return _schema(full_level, common)


def rows_of_events(events: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return ``events`` as rows of a table of statistics, which sorts them by kind and terms."""
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
    said = json.dumps(common, sort_keys=True)
    return SCHEMA.with_metadata({_LEVEL: repr(full_level).encode(), _COMMON: said.encode()})


def statistics_from_table(table: pa.Table) -> Statistics:
    """Return what ``statistics_to_table`` wrote.

    Raises ValueError if the table is not one of statistics.
    """
    full_level = full_level_of(table.schema)
    kinds, terms, counts = (column.to_pylist() for column in table.columns)
    rows = zip(kinds, terms, counts, strict=True)
    return Statistics(Counter({(kind, *term): count for kind, term, count in rows}), full_level)


def common_of(schema: pa.Schema) -> dict[str, int]:
    """Return the counts of common terms that the schema of a table of statistics carries."""
    found: dict[str, int] = json.loads((schema.metadata or {})[_COMMON])
    return found


def full_level_of(schema: pa.Schema) -> float:
    """Return the full level, in bits, that the schema of a table of statistics carries.

    Raises ValueError if it is the schema of another table.
    """
    metadata = schema.metadata or {}
    if not schema.equals(SCHEMA) or _LEVEL not in metadata:
        raise ValueError("not a table of evenpair statistics")
    return float(metadata[_LEVEL])
