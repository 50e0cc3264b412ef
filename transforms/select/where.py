"""``--where``: an expression over the columns of a pair, evaluated by DuckDB.

DuckDB runs inside this process, sees the table that it is given and nothing else: no file, no
network, no extension, no setting can be reached from an expression.
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
    """An expression that says of each row of a table whether it is true."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._database = duckdb.connect(":memory:", config=_CONFIG)

    def holds(self, table: pa.Table) -> pa.ChunkedArray:
        """Return, for each row, whether the expression is true; null where that is unknown.

        Raises EvenpairError for a row of which it cannot be asked, such as a cast of its text.
        """
        try:
            return self._ask(table)
        except duckdb.Error as error:
            raise EvenpairError(f"--where {self._expression!r}: {_line(error)}") from error

    def check(self, schema: pa.Schema) -> None:
        """Raise UsageError if the expression cannot be asked of rows with ``schema``."""
        self._refuse_chance()
        try:
            said = self._ask(schema.empty_table())
        except duckdb.Error as error:
            raise UsageError(f"--where {self._expression!r}: {_said(error, schema)}") from error
        if len(said):
            raise self._refused("it adds rows up, but is asked of each row alone")
        if not pa.types.is_boolean(said.type):
            raise self._refused(f"it is of type {said.type}, not a condition that is true or false")

    def check_syntax(self) -> None:
        """Raise UsageError for what is no expression of its own, whatever the columns are."""
        self._refuse_chance()
        try:
            duckdb.SQLExpression(self._expression)
        except duckdb.Error as error:
            raise self._refused(_line(error)) from error

    def _ask(self, table: pa.Table) -> pa.ChunkedArray:
        relation = self._database.from_arrow(table)
        said = relation.project(duckdb.SQLExpression(self._expression)).to_arrow_table()
        return said.column(0)

    def _refuse_chance(self) -> None:
        """Refuse what depends on other rows, on the time or on chance."""
        if _WINDOW.search(self._expression):
            raise self._refused("OVER looks at other rows, but it is asked of each row alone")
        changing = self._database.sql(
            "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT' "
            "and function_type = 'scalar'"
        ).fetchall()
        called = {name.lower() for name in _CALLED.findall(self._expression)}
        found = sorted(called & {name for (name,) in changing}) or _NOW.findall(self._expression)
        if found:
            raise self._refused(f"{found[0]} gives something else each time it is asked")

    def _refused(self, why: str) -> UsageError:
        return UsageError(f"--where {self._expression!r}: {why}")


def _said(error: duckdb.Error, schema: pa.Schema) -> str:
    """Return what is wrong in one line, with the names that may have been meant."""
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
