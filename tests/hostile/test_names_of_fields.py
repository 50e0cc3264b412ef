"""``--where`` and ``--rank-by`` name fields exactly: none is hidden by one in another case."""

import pyarrow as pa
import pytest

from evenpair.schemas.errors import UsageError
from evenpair.transforms.select.where import Where

from ..support.commands import call
from ..support.messages import assert_refused, raises_naming, unnamed
from ..support.shards import MadePair, read_shards, write_source

ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two sources; the first sample of the second one has a field in another case."""
    folder = tmp_path_factory.mktemp("case")
    extra = [{"punsafe": unsafe, "Width": 1} for unsafe in (0.9, 0.1)]
    for shard in range(2):
        pairs = [MadePair(2 * shard + at, f"a dog {shard}{at}", extra=extra[at]) for at in range(2)]
        if shard:
            pairs.insert(0, MadePair(9, "a hostile cat", extra={"PUNSAFE": 0.0, "punsafe": 0.9}))
        write_source(folder / "in" / f"s{shard}.tar", pairs, parquet=False)
    out = folder / "run"
    assert call("score", folder / "in", "--out", out, *ONE).status == 0
    return out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--where", "punsafe < 0.5"),
        ("--where", '"PUNSAFE" < 0.5'),
        ("--rank-by", "punsafe"),
    ],
)
def test_a_used_field_that_another_differs_from_only_in_case(run, option, value):
    more = ["--keep-fraction", "0.5"] if option == "--rank-by" else []
    answer = call("select", run, option, value, *more, *ONE)
    assert_refused(answer, option, "'punsafe' in s0, s1", "'PUNSAFE' in s1")


def test_a_name_in_another_case_names_nothing(run):
    answer = call("select", run, "--where", "Punsafe < 0.5", *ONE)
    assert_refused(answer, "'Punsafe'", "punsafe")


@pytest.mark.parametrize(
    ("where", "written"), [("width > 1 and width is not null", 5), ('"Width" = 1', 4)]
)
def test_fields_that_are_not_used_do_no_harm(run, where, written):
    assert call("select", run, "--overwrite", "--where", where, *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    assert len(read_shards(run / "shards")) == written


class TestExpressions:
    def check(self, expression, table):
        where = Where(expression)
        where.check(table.schema)
        return where.holds(table).to_pylist()

    @pytest.mark.parametrize(
        "expression",
        [
            "unnest([true, false])",
            "unnest(flags)",
            "COLUMNS(*) > 1",
            "COLUMNS('a.*') > 1",
            "#1 > 1",
            "A > 1 and a > 1",
            "+".join("a" for _ in range(900)) + " > 1",
        ],
    )
    def test_that_are_no_condition_on_named_columns(self, expression):
        table = pa.table({"a": [1], "b": [2], "flags": [[True, False]]})
        with raises_naming(UsageError, "--where"):
            self.check(expression, table)

    def test_names_of_columns_are_matched_exactly(self):
        table = pa.table({"PUNSAFE": [0.0, 0.0], "punsafe": [0.1, 0.9], "a b": [1, 2]})
        assert self.check("punsafe < 0.5", table) == [True, False]
        assert self.check('"a b" = 2 and "PUNSAFE" = 0', table) == [False, True]
        with pytest.raises(UsageError) as raised:
            self.check('punsafe < "PUNSAFE"', table)
        assert unnamed(raised.value, "'PUNSAFE'", "'punsafe'") == []
