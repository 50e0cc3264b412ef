"""The facts that captions state, as records and as Arrow columns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

OBJECTS = pa.list_(pa.string())
ATTRIBUTES = pa.list_(pa.struct([("object", pa.string()), ("attribute", pa.string())]))
RELATIONS = pa.list_(
    pa.struct([("subject", pa.string()), ("predicate", pa.string()), ("object", pa.string())])
)
FACTS = pa.schema([("objects", OBJECTS), ("attributes", ATTRIBUTES), ("relations", RELATIONS)])


class Attribute(NamedTuple):
    """An attribute of an object, such as ``("dog", "brown")``."""

    object: str
    attribute: str


class Relation(NamedTuple):
    """A relation between two objects, such as ``("dog", "lie on", "rug")``."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The distinct facts of one caption, in the order in which the caption names them.

    Every term is in canonical form: lower case, singular nouns, verbs as lemmas. Each object of an
    attribute or a relation is among the objects.
    """

    objects: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    relations: tuple[Relation, ...] = ()

    def __len__(self) -> int:
        return len(self.objects) + len(self.attributes) + len(self.relations)

    def union(self, *others: "Facts") -> "Facts":
        """Return the facts of this and of all ``others``, each where it first occurs."""
        kinds = zip(*(facts._kinds() for facts in (self, *others)), strict=True)
        return Facts(*(tuple(dict.fromkeys(chain(*kind))) for kind in kinds))

    def intersection(self, other: "Facts") -> "Facts":
        """Return the facts of this that ``other`` has, too."""
        return Facts(*(tuple(f for f in own if f in theirs) for own, theirs in self._beside(other)))

    def difference(self, other: "Facts") -> "Facts":
        """Return the facts of this that ``other`` does not have."""
        pairs = self._beside(other)
        return Facts(*(tuple(f for f in own if f not in theirs) for own, theirs in pairs))

    def _kinds(self) -> tuple[tuple[Any, ...], ...]:
        return self.objects, self.attributes, self.relations

    def _beside(self, other: "Facts") -> Iterable[tuple[tuple[Any, ...], set[Any]]]:
        return zip(self._kinds(), map(set, other._kinds()), strict=True)


def facts_to_arrow(facts: Sequence[Facts]) -> list[pa.Array]:
    """Return ``facts``, one for each row, as the columns of FACTS."""
    return [
        _list_array([row.objects for row in facts], OBJECTS),
        _list_array([row.attributes for row in facts], ATTRIBUTES),
        _list_array([row.relations for row in facts], RELATIONS),
    ]


def facts_from_table(table: pa.Table) -> list[Facts]:
    """Return the facts of each row of a table with the columns of FACTS; a null has none."""
    columns = (
        _rows(table["objects"], str),
        _rows(table["attributes"], Attribute),
        _rows(table["relations"], Relation),
    )
    return [Facts(*row) for row in zip(*columns, strict=True)]


def facts_from_struct(column: pa.ChunkedArray) -> list[Facts | None]:
    """Return the facts in a column of structs with the fields of FACTS, None for a null."""
    facts = facts_from_table(pa.Table.from_struct_array(column))
    valid = column.is_valid().to_pylist()
    return [row if is_valid else None for row, is_valid in zip(facts, valid, strict=True)]


def _list_array(rows: Sequence[Sequence[Any]], kind: pa.ListType) -> pa.ListArray:
    offsets = pa.array(accumulate(map(len, rows), initial=0), pa.int32())
    values = list(chain.from_iterable(rows))
    if pa.types.is_struct(kind.value_type):
        columns = zip(*values, strict=True) if values else [() for _ in kind.value_type]
        strings = [pa.array(column, pa.string()) for column in columns]
        flat = pa.StructArray.from_arrays(strings, fields=list(kind.value_type))
    else:
        flat = pa.array(values, kind.value_type)
    return pa.ListArray.from_arrays(offsets, flat, type=kind)


def _rows(column: pa.ChunkedArray, record: Callable[..., Any]) -> list[tuple[Any, ...]]:
    lists = column.combine_chunks()
    flat = lists.flatten()
    terms = flat.flatten() if pa.types.is_struct(flat.type) else [flat]
    values = [record(*row) for row in zip(*(t.to_pylist() for t in terms), strict=True)]
    ends = accumulate(pc.fill_null(pc.list_value_length(lists), 0).to_pylist(), initial=0)
    return [tuple(values[start:end]) for start, end in pairwise(ends)]
