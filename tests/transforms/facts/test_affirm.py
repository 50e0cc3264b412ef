import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.models.arc_network import Arc
from evenpair.transforms.facts.affirm import affirm
from evenpair.transforms.facts.attach_writing import attach_writing
from evenpair.transforms.facts.remove_denied import remove_denied


def drawn(words: list[str], *arcs: tuple[str, str, str]) -> list[Arc]:
    return [Arc(words.index(head), words.index(word), label) for head, word, label in arcs]


def left(sentence: str, *arcs: tuple[str, str, str]) -> set[tuple[str, str, str]] | None:
    """Arcs of the affirmative sentence by their words -> those left, by the sentence's own."""
    words = sentence.split()
    said = affirm(words)
    assert said is not None
    kept = remove_denied(said, drawn(said.words, *arcs))
    return None if kept is None else {(words[arc[0]], words[arc[1]], arc.label) for arc in kept}


@pytest.mark.parametrize(
    ("sentence", "affirmative"),
    [
        ("a man not wearing a hat", "a man wearing a hat"),
        ("a dog without a collar on grass", "a dog with collar on grass"),
        ("a street with no cars", "a street with cars"),
        ("the room lacks windows", "the room has windows"),
        ("the bus does not have a number", "the bus have a number"),
        ("the runner has not crossed the line", "the runner crossed the line"),
        ("a cat that isn't black", "a cat that is black"),
        ("neither man wears a hat", "the man wears a hat"),
        ("no dogs are visible", "dogs are visible"),
        ("apples , none of them red", "apples , all of them red"),
    ],
)
def test_a_denial_has_an_affirmative(sentence, affirmative):
    said = affirm(sentence.split())
    assert said is not None
    assert " ".join(said.words) == affirmative
    assert len(said.denials) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "a man wearing a hat",
        'a sign that says " not a step "',
        "a no parking sign",
        "no smoking",
        "not only a dog",
        "don't panic t-shirt",
        "never again poster",
        "a house no",
    ],
)
def test_quotations_and_slogans_deny_nothing(sentence):
    assert affirm(sentence.split()) is None


WORDS = st.sampled_from(
    "no not without lacks neither none of never isn't a man , \" has dog".split()
)


@given(st.lists(WORDS, max_size=12))
def test_affirmative_words_come_in_the_order_of_their_origins(words):
    said = affirm(words)
    if said is not None:
        assert said.origins == sorted(set(said.origins))
        assert len(said.origins) == len(said.words)
        assert all(0 <= denial.start <= len(said.words) for denial in said.denials)


ENDS = st.integers(0, 11)
LABELS = st.sampled_from(["object", "attr", "subj", "obj", "pred", "self", "to=have", "part"])


@given(st.lists(WORDS, min_size=12, max_size=12), st.sets(st.tuples(ENDS, ENDS, LABELS)))
def test_any_arcs_are_mapped_to_the_sentence(words, arcs):
    said = affirm(words)
    if said is None:
        return
    own = [Arc(*arc) for arc in arcs if max(arc[:2]) < len(said.words)]
    kept = remove_denied(said, own)
    assert kept is None or {end for arc in kept for end in arc[:2]} <= set(said.origins)


def test_a_denied_claim_takes_its_indefinite_object_along():
    assert left(
        "man not wearing a hat rides horse",
        ("man", "man", "object"),
        ("wearing", "man", "subj"),
        ("wearing", "hat", "obj"),
        ("hat", "hat", "object"),
        ("rides", "man", "subj"),
        ("rides", "horse", "obj"),
        ("horse", "horse", "object"),
    ) == {
        ("man", "man", "object"),
        ("rides", "man", "subj"),
        ("rides", "horse", "obj"),
        ("horse", "horse", "object"),
    }


def test_a_definite_object_is_there_all_the_same():
    assert left("lamp is not on the table", ("on", "lamp", "subj"), ("on", "table", "obj")) == {
        ("lamp", "lamp", "object"),
        ("table", "table", "object"),
    }


def test_a_denied_attribute_goes():
    assert left("cat that isn't black", ("cat", "black", "attr")) == {("cat", "cat", "object")}


def test_things_joined_by_or_are_both_denied():
    assert left(
        "wall with no pictures or clocks",
        ("with", "wall", "subj"),
        ("with", "pictures", "obj"),
        ("with", "clocks", "obj"),
    ) == {("with", "wall", "subj"), ("wall", "wall", "object")}


@pytest.mark.parametrize(("verb", "subject"), [("on", "pizza"), ("hanging", None)])
def test_a_place_after_what_is_missing_is_of_what_lacks_it(verb, subject):
    arcs = left(
        f"pizza without toppings {verb} table",
        ("with", "pizza", "subj"),
        ("with", "toppings", "obj"),
        (verb, "toppings", "subj"),
        (verb, "table", "obj"),
    )
    assert arcs is not None
    assert {word for head, word, label in arcs if head == verb and label == "subj"} == (
        {subject} if subject else set()
    )


def test_a_denial_without_arcs_is_left_to_the_parser():
    assert left("lake without ripple", ("lake", "lake", "object")) is None


def test_text_in_letters_is_not_the_wall():
    words = 'wall with text " stop " in white letters'.split()
    arcs = drawn(
        words,
        ("text", "stop", "attr"),
        ("in", "wall", "subj"),
        ("in", "letters", "obj"),
        ("letters", "white", "attr"),
    )
    moved = attach_writing(words, arcs)
    assert set(arcs) ^ set(moved) == set(
        drawn(words, ("in", "wall", "subj"), ("in", "text", "subj"))
    )
    assert attach_writing(words, arcs[1:]) == arcs[1:]


def test_it_is_what_the_letters_are_with():
    words = 'man in cap with letters " ny " on it'.split()
    own = [("in", "man", "subj"), ("in", "cap", "obj"), ("letters", "ny", "attr")]
    arcs = drawn(words, *own, ("on", "letters", "subj"), ("on", "man", "obj"))
    moved = attach_writing(words, arcs)
    assert set(arcs) ^ set(moved) == set(drawn(words, ("on", "man", "obj"), ("on", "cap", "obj")))
