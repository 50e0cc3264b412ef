"""Variants of training examples: what they add, and what they leave as it was."""

import random

from evenpair.models.arc_network import Arc
from evenpair.training.augment_examples import (
    WordStock,
    augment_examples,
    elaborate,
    extend,
    insert_modifier,
    join,
    open_with,
)
from evenpair.training.deny_and_quote import deny, quote
from evenpair.training.graphs.convert_graphs import decode_example
from evenpair.training.graphs.graph_to_arcs import Example
from evenpair.transforms.facts.canonical_terms import Lexicon

STOCK = WordStock(("glaucous",), ("okapi",), ("okapis",))
EXAMPLE = Example(
    ("a", "dog", "on", "grass"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


OTHER = Example(
    ("the", "dog", "chasing", "cats"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


def facts_of(example):
    return decode_example(example, Lexicon())


def test_an_inserted_modifier_is_one_attribute_more():
    for seed in range(20):
        varied = insert_modifier(EXAMPLE, STOCK, random.Random(seed))
        assert facts_of(varied).objects == ("dog", "grass")
        assert facts_of(varied).relations == facts_of(EXAMPLE).relations
        assert {a for _, a in facts_of(varied).attributes} == {"glaucous"}


def test_joined_and_opened_examples_keep_their_facts():
    assert facts_of(open_with(["the", "image", "shows"], EXAMPLE)) == facts_of(EXAMPLE)
    joined = join(EXAMPLE, Example(("cats",), (Arc(0, 0, "object"),)), [",", "and"])
    assert facts_of(joined).objects == ("dog", "grass", "cat")
    assert facts_of(joined).relations == facts_of(EXAMPLE).relations


def test_an_elaborated_example_has_the_facts_of_both():
    for seed in range(20):
        longer = elaborate(OTHER, {"dog": [EXAMPLE]}, random.Random(seed))
        assert {*facts_of(longer).relations} == {
            *facts_of(EXAMPLE).relations,
            *facts_of(OTHER).relations,
        }
        assert [word for word in longer.words if word not in {"and", ","}] == (
            "the dog on grass chasing cats".split()
        )


def test_an_extended_example_goes_on_with_the_other():
    cats = Example(
        ("cats", "on", "grass"),
        (Arc(0, 0, "object"), Arc(1, 0, "subj"), Arc(1, 2, "obj"), Arc(2, 2, "object")),
    )
    longer = extend(OTHER, {"cats": [cats]}, random.Random(0))
    assert longer.words == ("the", "dog", "chasing", "cats", "on", "grass")
    assert set(facts_of(longer).relations) == {("dog", "chase", "cat"), ("cat", "on", "grass")}


def test_what_is_denied_adds_no_fact():
    rng = random.Random(0)
    varied = [deny(EXAMPLE, ["shoe"], ["ugly"], rng) for _ in range(200)]
    assert {name for own in varied for name in facts_of(own).objects} == {"dog", "grass", "shoe"}
    for own in varied:
        kept = facts_of(own)
        assert kept == facts_of(EXAMPLE) or kept.objects == ("shoe",)


def test_the_last_relation_can_be_denied():
    worn = Example(
        ("man", "in", "coat", "wearing", "a", "hat"),
        (
            Arc(0, 0, "object"),
            Arc(1, 0, "subj"),
            Arc(1, 2, "obj"),
            Arc(2, 2, "object"),
            Arc(3, 0, "subj"),
            Arc(3, 5, "obj"),
            Arc(5, 5, "object"),
        ),
    )
    varied = {
        " ".join(own.words): own
        for own in (deny(worn, ["shoe"], ["ugly"], random.Random(seed)) for seed in range(40))
    }
    denied = facts_of(varied["man in coat not wearing a hat"])
    assert (denied.objects, denied.relations) == (("man", "coat"), (("man", "in", "coat"),))


def test_quoted_words_are_one_attribute():
    quoted = [quote(EXAMPLE, OTHER.words, random.Random(seed)) for seed in range(100)]
    assert any(own != EXAMPLE for own in quoted)
    for own in quoted:
        more = facts_of(own)
        assert set(facts_of(EXAMPLE).relations) <= set(more.relations)
        said = {" ".join(own.words).split('"')[1].strip()} if '"' in own.words else set()
        assert {a for _, a in more.attributes} == said


def test_varied_examples_have_arcs_between_their_words():
    varied = list(augment_examples([EXAMPLE, OTHER] * 200, STOCK, random.Random(0)))
    assert len(varied) > 300
    for words, arcs in varied:
        assert arcs == tuple(sorted(set(arcs)))
        assert all(0 <= end < len(words) for head, word, _ in arcs for end in (head, word))
