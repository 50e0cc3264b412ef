"""The information model as a file: how many captions of a corpus state each fact.

``statistics.parquet`` has the columns ``kind``, ``terms`` and ``count``; its metadata holds the
full level. Counts are exact integers, so that every way of splitting the work gives the same file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

import pyarrow as pa

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

SCHEMA = pa.schema([("kind", pa.string()), ("terms", pa.list_(pa.string())), ("count", pa.int64())])
_LEVEL = b"full_level_bits"
_MAX_TOGETHER = 24


@dataclass(slots=True)
class Statistics:
    """Counts of events over a corpus, and its full level in bits."""

    counts: Counter[Event] = field(default_factory=Counter)
    full_level: float = 0.0


def events(facts: Facts) -> Iterator[Event]:
    """Yield what one caption adds one to; only the first 24 objects are paired with each other.

    QUALITY, PREDICATE, ANY_OBJECT and ANY_TOGETHER are sums over the more specific events, so a
    caption adds to them once for each of those.
    """
    yield (Kind.CAPTION,)
    for term in facts.objects:
        yield from ((Kind.OBJECT, term), (Kind.ANY_OBJECT,))
    for attribute in facts.attributes:
        yield from ((Kind.ATTRIBUTE, *attribute), (Kind.QUALITY, attribute.attribute))
    for relation in facts.relations:
        yield from ((Kind.RELATION, *relation), (Kind.PREDICATE, relation.predicate))
    for pair in combinations(sorted(facts.objects[:_MAX_TOGETHER]), 2):
        yield from ((Kind.TOGETHER, *pair), (Kind.ANY_TOGETHER,))


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
    metadata = {_LEVEL: repr(statistics.full_level).encode()}
    return pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))


def statistics_from_table(table: pa.Table) -> Statistics:
    """Return what ``statistics_to_table`` wrote.

    Raises ValueError if the table is not one of statistics.
    """
    full_level = full_level_of(table.schema)
    kinds, terms, counts = (column.to_pylist() for column in table.columns)
    rows = zip(kinds, terms, counts, strict=True)
    return Statistics(Counter({(kind, *term): count for kind, term, count in rows}), full_level)


def full_level_of(schema: pa.Schema) -> float:
    """Return the full level, in bits, that the schema of a table of statistics carries.

    Raises ValueError if it is the schema of another table.
    """
    metadata = schema.metadata or {}
    if not schema.equals(SCHEMA) or _LEVEL not in metadata:
        raise ValueError("not a table of evenpair statistics")
    return float(metadata[_LEVEL])
