"""The shipped parser, from raw captions to facts."""

from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenpair.models.load_parser import load_parser
from evenpair.schemas.facts import Facts
from evenpair.transforms.facts.parse_captions import parse_captions, parse_sentences


@pytest.fixture(scope="module")
def nlp():
    return load_parser()


def parse(nlp, caption: str) -> Facts:
    (facts,) = parse_captions(nlp, [caption])
    return facts


@pytest.mark.parametrize(
    ("caption", "objects", "attributes", "relations"),
    [
        ("", "", [], []),
        ("A cat.", "cat", [], []),
        ("the cat is black", "cat", [("cat", "black")], []),
        ("a red and white bus", "bus", [("bus", "red"), ("bus", "white")], []),
        ("five boats in the harbor", "boat, harbor", [("boat", "5")], [("boat", "in", "harbor")]),
        ("a man smiling", "man", [("man", "smiling")], []),
        ("a group of people", "people", [("people", "group of")], []),
        ("the leg of the man", "leg, man", [], [("man", "have", "leg")]),
        ("man's jacket", "man, jacket", [], [("man", "have", "jacket")]),
        ("a dog lying on a rug", "dog, rug", [], [("dog", "lie on", "rug")]),
        ("A TENNIS RACKET", "tennis racket", [], []),
        ("a photo of a cat", "cat", [], []),
        ("The image shows a dog running.", "dog", [("dog", "running")], []),
        ("a snow covered mountain", "snow, mountain", [], [("snow", "cover", "mountain")]),
        (
            "man wearing a hat and gloves",
            "man, hat, glove",
            [],
            [("man", "wear", "hat"), ("man", "wear", "glove")],
        ),
        (
            "A dog sits on a bench. It is brown. The bench is made of wood.",
            "dog, bench, wood",
            [("dog", "brown")],
            [("dog", "sit on", "bench"), ("bench", "make of", "wood")],
        ),
        (
            "A white teddy bear on a bed. The bear is smiling.",
            "teddy bear, bed",
            [("teddy bear", "white"), ("teddy bear", "smiling")],
            [("teddy bear", "on", "bed")],
        ),
        (
            "Two men riding horses near a beach. They wear black hats.",
            "man, horse, beach, hat",
            [("man", "2"), ("hat", "black")],
            [("man", "ride", "horse"), ("man", "near", "beach"), ("man", "wear", "hat")],
        ),
    ],
)
def test_a_caption_states_its_facts(nlp, caption, objects, attributes, relations):
    facts = parse(nlp, caption)
    assert set(facts.objects) == (set(objects.split(", ")) if objects else set())
    assert set(facts.attributes) == set(attributes)
    assert set(facts.relations) == set(relations)


def test_every_caption_gets_its_facts_in_order(nlp):
    captions = ["a dog", "", "a cat", "a dog", "..."] * 300
    objects = [facts.objects for facts in parse_captions(nlp, captions)]
    assert objects == [("dog",), (), ("cat",), ("dog",), ()] * 300


def test_nothing_ties_the_parts_of_a_title(nlp):
    facts = parse(nlp, "Red leather sofa with cushions | Best Furniture Store - London")
    assert "sofa" in facts.objects
    assert {(r.subject, r.object) for r in facts.relations} <= {("sofa", "cushion")}


def test_captions_are_read_only_as_needed(nlp):
    endless = iter(lambda: "a dog", None)
    assert [f.objects for f in islice(parse_captions(nlp, endless), 3)] == [("dog",)] * 3


CAPTIONS = [
    "A brown dog lies on a red rug next to two cats",
    "a young man in a blue shirt holding a tennis racket",
    "Vintage leather armchair with wooden legs",
]


@pytest.mark.parametrize("caption", CAPTIONS)
@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        str.lower,
        str.title,
        lambda c: f"{c}. {c}.",
        lambda c: f"{c} {c}",
        "  {}! ".format,
    ],
)
def test_case_punctuation_and_repetition_do_not_change_the_facts(nlp, caption, change):
    assert parse(nlp, change(caption)) == parse(nlp, caption)


def test_batches_do_not_change_the_facts(nlp):
    alone = [parse(nlp, caption) for caption in CAPTIONS]
    assert list(parse_captions(nlp, CAPTIONS * 400)) == alone * 400


@settings(max_examples=60)
@given(st.text())
@example("\0")
@example("a" * 1_000_000)
@example("dog " * 60_000)
@example("<" * 10_000)
@example("ﷺ \U0001f468‍\U0001f469‍\U0001f467 ‮abc ́́́")
def test_any_string_can_be_parsed(nlp, caption):
    facts = parse(nlp, caption)
    assert {o for o, _ in facts.attributes} <= set(facts.objects)


def test_every_fact_knows_its_words(nlp):
    ((facts, (sentence,)),) = parse_sentences(nlp, ["a brown dog on a rug"])
    ((attribute, span),) = sentence.mentions.attributes
    assert attribute == facts.attributes[0]
    assert [sentence.words[position] for position in span] == ["brown"]


def test_the_vocabulary_does_not_grow(nlp):
    list(parse_captions(nlp, ["a dog"]))
    before = len(nlp.vocab.strings)
    list(parse_captions(nlp, [f"a qw{chr(97 + i % 26)}x{'z' * i}" for i in range(2000)]))
    assert len(nlp.vocab.strings) == before
