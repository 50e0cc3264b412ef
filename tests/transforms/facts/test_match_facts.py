"""Facts of two captions are matched across wordings, and united."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.facts.match_facts import (
    align_objects,
    match_facts,
    shared_facts,
    unite_wordings,
)

NAMES = (
    "man",
    "person",
    "woman",
    "tennis racket",
    "racket",
    "sofa",
    "couch",
    "dog",
    "animal",
    "lamp",
)
OBJECTS = st.lists(st.sampled_from(NAMES), unique=True, max_size=5)


@st.composite
def some_facts(draw):
    objects = tuple(draw(OBJECTS))
    if not objects:
        return Facts()
    one = st.sampled_from(objects)
    words = st.sampled_from(["large", "big", "red", "gray", "grey"])
    attributes = draw(st.lists(st.builds(Attribute, one, words), unique=True, max_size=3))
    predicates = st.sampled_from(["on", "sit on", "next to", "beside"])
    relations = draw(st.lists(st.builds(Relation, one, predicates, one), unique=True, max_size=3))
    return Facts(objects, tuple(attributes), tuple(relations))


@pytest.mark.parametrize(
    ("first", "second", "aligned"),
    [
        (["man", "dog"], ["dog", "person"], {"dog": "dog", "person": "man"}),
        (["couch"], ["sofa"], {"sofa": "couch"}),
        (["tennis racket"], ["racket"], {"racket": "tennis racket"}),
        (["man"], ["woman"], {}),
        (["man", "person"], ["person"], {"person": "person"}),
        (["lamp"], [], {}),
    ],
)
def test_objects_are_aligned_with_the_closest_of_the_other_caption(first, second, aligned):
    assert align_objects(first, second) == aligned


def test_facts_are_shared_across_wordings():
    first = Facts(
        ("man", "couch"),
        (Attribute("couch", "gray"), Attribute("man", "tall")),
        (Relation("man", "sit on", "couch"),),
    )
    second = Facts(
        ("person", "sofa"), (Attribute("sofa", "grey"),), (Relation("person", "on", "sofa"),)
    )
    shared = shared_facts(first, second)
    assert shared.of_first == Facts(
        ("man", "couch"), (Attribute("couch", "gray"),), (Relation("man", "sit on", "couch"),)
    )
    assert shared.of_second == second


def test_a_man_and_a_person_are_united_under_the_more_informative_name():
    first = Facts(("person",), (Attribute("person", "tall"),))
    second = Facts(
        ("man", "dog"), (Attribute("man", "smiling"),), (Relation("man", "with", "dog"),)
    )
    bits = {"person": 4.0, "man": 5.0, "dog": 6.0}
    assert unite_wordings(first, second, bits.__getitem__) == Facts(
        ("man", "dog"),
        (Attribute("man", "tall"), Attribute("man", "smiling")),
        (Relation("man", "with", "dog"),),
    )


def test_an_attribute_of_another_thing_is_matched_less_surely():
    red = Facts(("car", "dog"), (Attribute("car", "red"),))
    other = Facts(("car", "dog"), (Attribute("dog", "red"),))
    (_, same), (_, less) = (
        [m.share for m in match_facts(red, facts)][:: len(red) - 1] for facts in (red, other)
    )
    assert same == 1
    assert less < 1


@given(some_facts(), some_facts())
def test_each_fact_is_matched_once_the_surest_first(first, second):
    matches = match_facts(first, second)
    shares = [match.share for match in matches]
    assert shares == sorted(shares, reverse=True)
    for side in ("first", "second"):
        places = [getattr(match, side) for match in matches]
        assert len(places) == len(set(places))


@given(some_facts())
def test_a_caption_shares_all_facts_with_itself(facts):
    assert shared_facts(facts, facts).of_first == facts
    assert unite_wordings(facts, facts, len) == facts


@given(some_facts(), some_facts())
def test_the_union_has_at_least_the_facts_of_each_and_at_most_those_of_both(first, second):
    united = unite_wordings(first, second, len)
    assert max(len(first.objects), len(second.objects)) <= len(united.objects)
    assert len(united) <= len(first) + len(second)
