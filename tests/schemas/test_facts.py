"""Sets of facts."""

from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation

TERM = st.sampled_from("abc")
FACT_SETS = st.builds(
    Facts,
    st.lists(TERM, unique=True).map(tuple),
    st.lists(st.builds(Attribute, TERM, TERM), max_size=5, unique=True).map(tuple),
    st.lists(st.builds(Relation, TERM, TERM, TERM), max_size=5, unique=True).map(tuple),
)


def everything(facts):
    return [*facts.objects, *facts.attributes, *facts.relations]


@given(one=FACT_SETS, other=FACT_SETS, third=FACT_SETS)
def test_facts_are_sets(one, other, third):
    a, b = set(everything(one)), set(everything(other))
    assert set(everything(one.union(other))) == a | b
    assert set(everything(one.intersection(other))) == a & b
    assert set(everything(one.difference(other))) == a - b
    assert one.union(other).union(third) == one.union(other, third)
    assert one.union() == one.union(one) == one.intersection(one) == one
    assert len(one.union(other)) + len(one.intersection(other)) == len(one) + len(other)


@given(one=FACT_SETS, other=FACT_SETS)
def test_facts_stay_in_order(one, other):
    for facts in (one.intersection(other), one.difference(other)):
        assert [fact for fact in everything(one) if fact in everything(facts)] == everything(facts)
    new = other.difference(one)
    assert one.union(other).objects == one.objects + new.objects
    assert one.union(other).attributes == one.attributes + new.attributes
