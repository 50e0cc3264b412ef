"""A source's own fields behind the columns of pairs: a column each, one of JSON for the rest.

Fields are the source's: a hostile one may have a new name in every sample. So the most frequent
ones become columns, and all others of a row one JSON object, by name.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from .tables import SCORES, encodable

OTHER_FIELDS = "other_fields"
"""The column with the JSON objects; sources have it that have more fields than MOST_FIELDS."""

MOST_FIELDS = 256
"""The most columns that the fields of a source's JSON become."""

Fields = Mapping[str, Any]
"""The fields of a row or a JSON object, by name."""


def gather_fields(rows: Sequence[Fields], known: Collection[str]) -> dict[str, pa.Array]:
    """Return the columns of all fields of ``rows`` but those ``known``, in order of appearance.

    At most MOST_FIELDS fields, the most frequent, have columns of their own; the time grows with
    the number of values.
    """
    counts = Counter(name for row in rows for name in row if name not in known)
    names = free_names(counts)
    kept = {name for name, _ in counts.most_common(MOST_FIELDS)}
    columns = {
        names[name]: any_array([row.get(name) for row in rows]) for name in counts if name in kept
    }
    if len(kept) < len(counts):
        rest = (
            {names[n]: value for n, value in row.items() if n in names and n not in kept}
            for row in rows
        )
        columns[OTHER_FIELDS] = json_column(rest)
    return columns


def with_other_fields(pairs: pa.Table, others: Mapping[str, Any]) -> pa.Table:
    """Append the columns of a source's table, renamed as ``free_names`` says.

    A column that evenpair wrote as OTHER_FIELDS stays what it is.
    """
    again = others.get(OTHER_FIELDS)
    is_json = again is not None and pa.types.is_string(again.type)
    names = free_names([name for name in others if not (is_json and name == OTHER_FIELDS)])
    columns = {names.get(name, name): column for name, column in others.items()}
    return with_columns(pairs, columns)


def with_columns(table: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    """Append many columns at once: appending one by one is quadratic in their number."""
    names = [*table.column_names, *columns]
    return pa.Table.from_arrays([*table.columns, *columns.values()], names)


def free_names(names: Collection[str]) -> dict[str, str]:
    """Return the name of each field's column, with ``source_`` before one that evenpair uses."""
    taken = {*SCORES.names, OTHER_FIELDS}
    free_of: dict[str, str] = {}
    for name in names:
        free = encodable(name)
        while free in taken or (free != name and free in names):
            free = f"source_{free}"
        taken.add(free)
        free_of[name] = free
    return free_of


def json_column(rows: Iterable[Fields]) -> pa.Array:
    """Return a column of JSON objects, null for a row without fields."""
    return pa.array([json.dumps(row, default=str) if row else None for row in rows], pa.string())


def json_rows(table: pa.Table) -> Iterator[Fields]:
    """Yield the fields that each row of ``table`` has in the column OTHER_FIELDS."""
    if OTHER_FIELDS not in table.column_names:
        return
    for text in table[OTHER_FIELDS].to_pylist():
        yield _parse(text) if text else {}


def lift_fields(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """Return ``table`` with a column for each of ``names`` that only OTHER_FIELDS has."""
    missing = [name for name in dict.fromkeys(names) if name not in table.column_names]
    if not missing or OTHER_FIELDS not in table.column_names:
        return table
    rows = list(json_rows(table))
    values = {name: [row.get(name) for row in rows] for name in missing}
    lifted = {n: any_array(v) for n, v in values.items() if any(each is not None for each in v)}
    return with_columns(table, lifted)


def any_array(values: list[Any]) -> pa.Array:
    """Return ``values`` with a type that fits all of them, or else each as JSON."""
    try:
        if all(map(_is_plain, values)):
            return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        pass
    return pa.array([None if v is None else json.dumps(v) for v in values], pa.string())


def _is_plain(value: object, lists: int = 2) -> bool:
    """Return whether ``value`` is a scalar, or lists of scalars nested at most ``lists`` deep."""
    if isinstance(value, list):
        return lists > 0 and all(_is_plain(item, lists - 1) for item in value)
    return not isinstance(value, dict)


def _parse(text: str) -> Fields:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
