import pyarrow as pa
import pytest

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.select.where import Where

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
def test_an_expression_is_asked_of_each_row_in_order(expression, holds):
    where = Where(expression)
    where.check(TABLE.schema)
    assert where.holds(TABLE).to_pylist() == holds


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("widht > 1", "there is no column 'widht': did you mean width?"),
        ("zzzz > 1", "there is no column 'zzzz': there are width, caption, punsafe"),
        ("width >", "syntax error"),
        ("width", "not a condition"),
        ("sum(width) > 1", "it adds rows up"),
        ("row_number() over () > 1", "OVER looks at other rows"),
        ("random() > 0.5", "random gives something else"),
        ("now() > '2020-01-01'", "now gives something else"),
        ("current_date > '2020-01-01'", "current_date gives something else"),
        ("width > 1; drop table x", "more than one statement"),
        ("width > 1 as a, 3", "single expression"),
        ("(select count(*) from read_csv('/etc/passwd')) > 1", "Permission Error"),
        ("", "without selection list"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(expression, said):
    with pytest.raises(UsageError) as refused:
        Where(expression).check(TABLE.schema)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_row_that_cannot_be_asked_stops_the_work():
    where = Where("caption::int > 1")
    where.check(TABLE.schema)
    with pytest.raises(EvenpairError, match="Could not convert string"):
        where.holds(TABLE)
