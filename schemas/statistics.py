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
    found = {}
    for kind in (Kind.OBJECT, Kind.QUALITY, Kind.PREDICATE):
        used = sorted((c for event, c in counts.items() if event[0] == kind), reverse=True)
        reached = zip(used, accumulate(used), strict=True)
        found[kind.value] = next((c for c, uses in reached if uses >= sum(used) / 4), 0)
    return found


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
    common = json.dumps(common_counts(statistics.counts), sort_keys=True)
    metadata = {_LEVEL: repr(statistics.full_level).encode(), _COMMON: common.encode()}
    return pa.Table.from_arrays(columns, schema=SCHEMA.with_metadata(metadata))


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
