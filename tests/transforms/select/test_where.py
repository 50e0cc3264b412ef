"""--where: conditions in SQL over the columns of the tables."""

import pyarrow as pa
import pytest

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.select.where import Where

from ...support.messages import raises_naming

TABLE = pa.table({"width": [1, 2, None], "caption": ["x", "y", "z"], "punsafe": [0.1, 0.9, 0.5]})


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("width > 1", [False, True, None]),
        ("caption = 'x' or punsafe > 0.8", [True, True, False]),
        ("width is null", [False, False, True]),
        ("caption ilike 'Y%'", [False, True, False]),
        ("true", [True, True, True]),
    ],
)
def test_a_condition_is_evaluated_for_every_row_in_order(expression, holds):
    where = Where(expression)
    where.check(TABLE.schema)
    assert where.holds(TABLE).to_pylist() == holds


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("widht > 1", ["'widht'", "width"]),
        ("zzzz > 1", ["'zzzz'", "width", "caption", "punsafe"]),
        ("width >", ["syntax error"]),
        ("width", []),
        ("sum(width) > 1", []),
        ("row_number() over () > 1", ["OVER"]),
        ("random() > 0.5", ["random"]),
        ("now() > '2020-01-01'", ["now"]),
        ("current_date > '2020-01-01'", ["current_date"]),
        ("width > 1; drop table x", []),
        ("width > 1 as a, 3", []),
        ("(select count(*) from read_csv('/etc/passwd')) > 1", ["Permission Error"]),
        ("", []),
    ],
)
def test_an_expression_that_is_not_a_condition_on_one_row_is_refused(expression, named):
    with raises_naming(UsageError, f"--where {expression!r}", *named):
        Where(expression).check(TABLE.schema)


def test_a_row_that_cannot_be_evaluated_is_an_error():
    where = Where("caption::int > 1")
    where.check(TABLE.schema)
    with raises_naming(EvenpairError, "caption::int > 1"):
        where.holds(TABLE)
