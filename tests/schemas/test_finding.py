"""A finding as a line."""

import pytest

from evenpair.schemas.finding import Finding, Problem


@pytest.mark.parametrize(
    ("key", "shown"), [("", "-"), ("a\nb", "a\\nb"), ("\udcff", "\\udcff"), ("é x", "\\xe9 x")]
)
def test_a_finding_is_one_line_whatever_its_key(key, shown):
    line = Finding("0.tar", key, Problem.BAD_TEXT, "two\nlines").line()
    assert line == f"0.tar  {shown}  bad-text: two lines"
