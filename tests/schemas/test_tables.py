"""Records as Arrow tables, and back."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import (
    FACTS,
    Attribute,
    Facts,
    Relation,
    facts_from_struct,
    facts_from_table,
    facts_to_arrow,
)
from evenpair.schemas.other_fields import with_other_fields
from evenpair.schemas.phase import Phase
from evenpair.schemas.rejection import Reason, Rejection
from evenpair.schemas.source import Source
from evenpair.schemas.tables import (
    PAIRS,
    REJECTIONS,
    SCORES,
    rejections_to_table,
)
from evenpair.schemas.unit import Tally, Unit, tally_of, with_tally

TERM = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
FACT_SETS = st.builds(
    Facts,
    st.lists(TERM, max_size=3, unique=True).map(tuple),
    st.lists(st.builds(Attribute, TERM, TERM), max_size=3, unique=True).map(tuple),
    st.lists(st.builds(Relation, TERM, TERM, TERM), max_size=3, unique=True).map(tuple),
)
BROWN_DOG = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),))


def facts_table(facts):
    return pa.Table.from_arrays(facts_to_arrow(facts), schema=FACTS)


@given(facts=st.lists(FACT_SETS, max_size=5))
def test_facts_survive_the_round_trip_through_arrow(facts):
    assert facts_from_table(facts_table(facts)) == facts


@given(facts=st.lists(FACT_SETS, min_size=1, max_size=5), data=st.data())
def test_facts_are_read_from_a_part_of_a_table(facts, data):
    start = data.draw(st.integers(0, len(facts)))
    table = pa.concat_tables([facts_table(facts), facts_table([BROWN_DOG])])
    assert facts_from_table(table.slice(start)) == [*facts, BROWN_DOG][start:]
    kept = pa.array([at >= start for at in range(table.num_rows)])
    assert facts_from_table(table.filter(kept)) == [*facts, BROWN_DOG][start:]


@given(facts=st.lists(st.none() | FACT_SETS, max_size=5))
def test_facts_are_read_from_a_column_of_structs(facts):
    columns = facts_to_arrow([row or Facts() for row in facts])
    mask = pa.array([row is None for row in facts], pa.bool_())
    structs = pa.StructArray.from_arrays(columns, FACTS.names, mask=mask)
    assert facts_from_struct(pa.chunked_array([structs])) == facts


def test_null_columns_have_no_facts():
    table = pa.table([pa.nulls(2, field.type) for field in FACTS], schema=FACTS)
    assert facts_from_table(table) == [Facts(), Facts()]


def test_the_length_of_facts_counts_all_kinds():
    assert len(BROWN_DOG) == 4


def test_rejections_become_rows():
    rejections = [
        Rejection("u1", "s", "k1", Phase.SCORE, Reason.DUPLICATE_KEY, "why"),
        Rejection("u2", "s", "k\udcff", Phase.WRITE, Reason.NO_CAPTION),
    ]
    assert rejections_to_table(rejections).to_pylist() == [
        {
            "uid": "u1", "shard": "s", "key": "k1",
            "phase": "score", "reason": "duplicate-key", "detail": "why",
        },
        {
            "uid": "u2", "shard": "s", "key": "k?",
            "phase": "write", "reason": "no-caption", "detail": None,
        },
    ]  # fmt: skip


def test_an_empty_list_of_rejections_is_an_empty_table():
    assert rejections_to_table([]) == REJECTIONS.empty_table()


@pytest.mark.parametrize(
    ("field_names", "names"),
    [
        (["exif", "coco_id"], ["exif", "coco_id"]),
        (["language"], ["source_language"]),
        (["language", "source_language"], ["source_source_language", "source_language"]),
        (["source_language", "language"], ["source_language", "source_source_language"]),
    ],
)
def test_fields_of_a_source_never_replace_our_columns(field_names, names):
    others = {name: pa.array([name]) for name in field_names}
    table = with_other_fields(pa.table([pa.nulls(1, f.type) for f in PAIRS], schema=PAIRS), others)
    added = table.select(range(len(PAIRS), table.num_columns))
    assert added.column_names == names
    assert [column[0].as_py() for column in added.columns] == field_names
    assert set(names).isdisjoint(SCORES.names)


@given(
    tally=st.builds(
        Tally,
        st.integers(0, 10**12),
        st.none() | st.integers(0, 10**12),
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.none() | st.text("0123456789abcdef", min_size=32, max_size=32),
    )
)
def test_a_tally_is_kept_in_the_metadata_of_a_table(tally):
    sink = pa.BufferOutputStream()
    pq.write_table(with_tally(pa.table({"uid": ["x"]}), tally), sink)
    assert tally_of(pq.read_schema(pa.BufferReader(sink.getvalue()))) == tally


def test_a_table_without_a_tally_has_an_empty_one():
    assert tally_of(pa.schema([])) == Tally(0)


class TestUnit:
    unit = Unit(Source(0, "s", "s.tar"), pa.table({"a": [1, 2], "b": ["x", "y"]}), Tally(2))

    def test_columns_are_added_and_replaced_in_place(self):
        changed = self.unit.with_columns(["b", "c"], [pa.array(["z", "z"]), pa.array([3, 4])])
        assert changed.table == pa.table({"a": [1, 2], "b": ["z", "z"], "c": [3, 4]})
        assert changed.tally == self.unit.tally

    def test_rows_are_kept_by_a_mask(self):
        assert self.unit.only(pa.array([False, True])).table == pa.table({"a": [2], "b": ["y"]})

    def test_columns_are_ordered_and_dropped(self):
        assert self.unit.with_order(["b", "a"]).table.column_names == ["b", "a"]
        assert self.unit.without_columns(["a"]).table.column_names == ["b"]
