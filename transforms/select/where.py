"""``--where``: a condition on the columns of a pair, evaluated by DuckDB.

DuckDB runs in this process and reads one table. An expression can reach no file, network, extension
or setting.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

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
_UNKNOWN = re.compile(r'Referenced (?:column|table) "([^"]+)" not found')
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
            return self._evaluate(table)
        except duckdb.Error as error:
            raise EvenpairError(f"--where {self._expression!r}: {_line(error)}") from error

    def check(self, schema: pa.Schema) -> None:
        """Raise UsageError unless the condition can be evaluated for rows with ``schema``."""
        self._refuse_unstable()
        try:
            values = self._evaluate(schema.empty_table())
        except duckdb.Error as error:
            raise self._error(_message(error, schema)) from error
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

    def _evaluate(self, table: pa.Table) -> pa.ChunkedArray:
        relation = self._database.from_arrow(table)
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

    def _error(self, message: str) -> UsageError:
        return UsageError(f"--where {self._expression!r}: {message}")


def _message(error: duckdb.Error, schema: pa.Schema) -> str:
    """Return the message of an error in one line, with similar names for an unknown column."""
    unknown = _UNKNOWN.search(str(error))
    if unknown is None:
        return _line(error)
    name = unknown[1]
    near = get_close_matches(name.lower(), schema.names, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {_list(schema.names)}"
    return f"there is no column {name!r}: {meant}"


def _line(error: duckdb.Error) -> str:
    return str(error).split("\n\n")[0].replace("\n", " ")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
