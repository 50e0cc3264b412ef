"""``--where``: a condition on the columns of a pair, evaluated by DuckDB.

DuckDB runs in this process and reads one table. An expression can reach no file, network, extension
or setting. DuckDB ignores the case of names, and takes the first of two columns that differ in it;
so it is given only the columns that the expression names, and names have to match exactly.
"""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import duckdb
import pyarrow as pa

from ...schemas.errors import EvenpairError, UsageError

_CONFIG = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "threads": "1",
    "lock_configuration": "true",
}
_NAMES = "COLUMN_REF"
_SEVERAL = {"STAR": "* or COLUMNS()", "POSITIONAL_REFERENCE": "#"}
"""Nodes of a parsed expression that refer to columns by other means than their names."""
_UNKNOWN = re.compile(r'Referenced (?:column|table) "([^"]+)" not found')
_SHOWN = 100
_UNNEST = ("unnest", "unlist")
_WINDOW = re.compile(r"\bover\s*[(\w]", re.IGNORECASE)
_CALLED = re.compile(r"\b(\w+)\s*\(")
_NOW = re.compile(r"\b(?:current_(?:date|time|timestamp)|localtime(?:stamp)?)\b", re.IGNORECASE)


class Where:
    """A condition, true or false for each row of a table."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._database = duckdb.connect(":memory:", config=_CONFIG)

    def holds(self, table: pa.Table) -> pa.ChunkedArray:
        """Return whether the condition is true for each row; null if that is unknown.

        Raises EvenpairError if it cannot be evaluated for a row, such as a cast of a text.
        """
        try:
            values = self._evaluate(table)
        except duckdb.Error as error:
            raise EvenpairError(f"--where {self._expression!r}: {_line(error)}") from error
        if len(values) != table.num_rows:
            message = f"it has {len(values)} values for {table.num_rows} rows"
            raise EvenpairError(f"--where {self._expression!r}: {message}")
        return values

    def check(self, schema: pa.Schema, known: Sequence[str] = ()) -> None:
        """Raise UsageError unless the condition can be evaluated for rows with ``schema``.

        ``known`` are the names of all columns, for a message; by default those of the schema.
        """
        self.check_syntax()
        self._refuse_other_case(schema.names)
        try:
            values = self._evaluate(schema.empty_table())
        except duckdb.Error as error:
            raise self._error(_message(error, known or schema.names)) from error
        if len(values):
            raise self._error("it aggregates rows, but each row is evaluated alone")
        if not pa.types.is_boolean(values.type):
            raise self._error(f"its type is {values.type}, but a condition is true or false")

    def check_syntax(self) -> None:
        """Raise UsageError unless the condition is one expression, whatever the columns."""
        self._refuse_unstable()
        try:
            duckdb.SQLExpression(self._expression)
        except duckdb.Error as error:
            raise self._error(_line(error)) from error
        for node in self._nodes:
            if (kind := node["class"]) in _SEVERAL:
                raise self._error(f"{_SEVERAL[kind]} names no column: write the names out")
            if node.get("function_name") in _UNNEST:
                raise self._error("UNNEST makes several rows, but each row is evaluated alone")

    @property
    def names(self) -> frozenset[str]:
        """The names in the condition that may be those of columns.

        Raises UsageError if it is nested too deeply to be read.
        """
        refs = (node["column_names"] for node in self._nodes if node["class"] == _NAMES)
        return frozenset(names[0] for names in refs)

    @cached_property
    def _nodes(self) -> list[dict[str, Any]]:
        """The parts of the condition as DuckDB parses it, none if it cannot."""
        select = f"select {self._expression}"
        [(text,)] = self._database.execute("select json_serialize_sql($1)", [select]).fetchall()
        try:
            return list(_nodes_of(json.loads(text)))
        except RecursionError as error:
            raise self._error("it is nested too deeply") from error

    def _evaluate(self, table: pa.Table) -> pa.ChunkedArray:
        used = [name for name in table.column_names if name in self.names]
        relation = self._database.from_arrow(table.select(used or table.column_names[:1]))
        result = relation.project(duckdb.SQLExpression(self._expression)).to_arrow_table()
        return result.column(0)

    def _refuse_unstable(self) -> None:
        """Raise UsageError if the condition depends on other rows, on the time or on chance."""
        if _WINDOW.search(self._expression):
            raise self._error("OVER reads other rows, but each row is evaluated alone")
        rows = self._database.sql(
            "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT' "
            "and function_type = 'scalar'"
        ).fetchall()
        called = {name.lower() for name in _CALLED.findall(self._expression)}
        unstable = sorted(called & {name for (name,) in rows}) or _NOW.findall(self._expression)
        if unstable:
            raise self._error(f"{unstable[0]} returns another value at each call")

    def _refuse_other_case(self, columns: Sequence[str]) -> None:
        """Raise UsageError for names that differ only in case from a column that is used."""
        used = {name.lower(): name for name in columns if name in self.names}
        for name in sorted(self.names):
            column = used.get(name.lower(), name)
            if name == column:
                continue
            if name in columns:
                raise self._error(f"{column!r} and {name!r} differ only in case: name one of them")
            raise self._error(f"there is no column {name!r}: did you mean {column}?")

    def _error(self, message: str) -> UsageError:
        return UsageError(f"--where {self._expression!r}: {message}")


def _nodes_of(tree: object) -> Iterator[dict[str, Any]]:
    """Yield the expressions in DuckDB's JSON of a statement."""
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes_of(part)


def _message(error: duckdb.Error, columns: Sequence[str]) -> str:
    """Return the message of an error in one line, with similar names for an unknown column."""
    unknown = _UNKNOWN.search(str(error))
    if unknown is None:
        return _line(error)
    name = unknown[1]
    near = get_close_matches(name.lower(), columns, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {some_names(columns)}"
    return f"there is no column {name!r}: {meant}"


def _line(error: duckdb.Error) -> str:
    return str(error).split("\n\n")[0].replace("\n", " ")


def some_names(names: Sequence[str]) -> str:
    """Return up to a hundred names of columns, for a message."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
