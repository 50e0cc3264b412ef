"""Every column has a meaning, and docs/tables.md lists them all."""

from pathlib import Path

import pytest

from evenpair.schemas.columns import MEANINGS, OWN_MEANINGS, meaning, page, tables

PAGE = Path(__file__).parents[2] / "docs" / "tables.md"
COLUMNS = [(table, name) for table, *_, schema in tables() for name in schema.names]


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_column_has_a_meaning(table, column):
    assert meaning(table, column)


def test_every_meaning_is_that_of_a_column():
    names = {name for _, name in COLUMNS}
    assert (set(MEANINGS) - names, set(OWN_MEANINGS) - set(COLUMNS)) == (set(), set())


def test_the_page_is_that_of_the_schemas():
    assert PAGE.read_text() == "\n".join(page()).rstrip() + "\n"
