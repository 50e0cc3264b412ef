import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.models.arc_network import Arc
from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.facts.canonical_terms import Lexicon, singular, verb_lemma
from evenpair.transforms.facts.extract_facts import extract_facts

LEXICON = Lexicon(verbs={"lying": "lie"}, predicates={"'s": "have"})


def read(sentence: str, *arcs: tuple[str, str, str]) -> Facts:
    """Facts of a sentence whose arcs are given as the words at their ends and their label."""
    words = sentence.split()
    drawn = [Arc(words.index(head), words.index(word), label) for head, word, label in arcs]
    return extract_facts(words, drawn, LEXICON).facts()


def facts(objects: str, *others: tuple[str, ...]) -> Facts:
    return Facts(
        tuple(objects.split(", ")) if objects else (),
        tuple(Attribute(*other) for other in others if len(other) == 2),
        tuple(Relation(*other) for other in others if len(other) == 3),
    )


def test_attributes_and_a_relation():
    found = read(
        "two brown dogs lying on a rug",
        ("dogs", "two", "attr"),
        ("dogs", "brown", "attr"),
        ("on", "lying", "pred"),
        ("on", "dogs", "subj"),
        ("on", "rug", "obj"),
    )
    assert found == facts("dog, rug", ("dog", "2"), ("dog", "brown"), ("dog", "lie on", "rug"))


@pytest.mark.parametrize(
    ("sentence", "arcs", "expected"),
    [
        pytest.param(
            "leg of man",
            [("of", "man", "subj"), ("of", "leg", "obj=have")],
            facts("leg, man", ("man", "have", "leg")),
            id="a word that stands for another",
        ),
        pytest.param(
            "man 's hat",
            [("'s", "man", "subj"), ("'s", "hat", "obj")],
            facts("man, hat", ("man", "have", "hat")),
            id="a word with an equal",
        ),
        pytest.param(
            "cat and dog in box or bag",
            [("in", end, "subj") for end in ("cat", "dog")]
            + [("in", end, "obj") for end in ("box", "bag")],
            facts(
                "cat, dog, box, bag",
                *((s, "in", o) for o in ("box", "bag") for s in ("cat", "dog")),
            ),
            id="coordination distributes",
        ),
        pytest.param(
            "man in hat and coat",
            [("in", "man", "subj"), ("in", "hat", "obj=wear"), ("in", "coat", "obj")],
            facts("man, hat, coat", ("man", "wear", "hat"), ("man", "in", "coat")),
            id="a predicate that stands for another with one of its objects",
        ),
        pytest.param(
            "bus windshield",
            [("bus", "windshield", "to=have")],
            facts("bus, windshield", ("bus", "have", "windshield")),
            id="no word for the predicate",
        ),
        pytest.param(
            "ox next to other",
            [("to", "next", "pred"), ("to", "ox", "subj"), ("to", "other", "self")],
            facts("ox", ("ox", "next to", "ox")),
            id="each other",
        ),
        pytest.param(
            "light green tennis rackets",
            [
                ("rackets", "tennis", "compound"),
                ("rackets", "green", "attr"),
                ("green", "light", "part"),
            ],
            facts("tennis racket", ("tennis racket", "light green")),
            id="names and attributes of several words",
        ),
        pytest.param("well done", [], facts(""), id="nothing named"),
        pytest.param("it red", [("it", "red", "attr")], facts(""), id="a pronoun"),
        pytest.param("42", [("42", "42", "object")], facts(""), id="a number"),
        pytest.param("on rug", [("on", "rug", "obj")], facts("rug"), id="no subject"),
    ],
)
def test_arcs_become_facts(sentence, arcs, expected):
    assert read(sentence, *arcs) == expected


LABELS = "object compound attr part subj obj obj=have self pred pred=on to=on".split()


@given(
    st.lists(
        st.builds(Arc, st.integers(0, 19), st.integers(0, 19), st.sampled_from(LABELS)),
        max_size=40,
    )
)
def test_any_arcs_can_be_read(arcs):
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
    found = extract_facts(words, arcs, LEXICON).facts()
    assert {o for o, _ in found.attributes} <= set(found.objects)
    assert {r.subject for r in found.relations} <= set(found.objects)
    assert {r.object for r in found.relations} <= set(found.objects)


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("dogs", "dog"),
        ("horses", "horse"),
        ("benches", "bench"),
        ("ponies", "pony"),
        ("women", "woman"),
        ("glass", "glass"),
        ("bus", "bus"),
        ("dresses", "dress"),
    ],
)
def test_singular_by_rule(plural, one):
    assert singular(plural) == one


@pytest.mark.parametrize(
    ("form", "base"),
    [
        ("sitting", "sit"),
        ("parked", "park"),
        ("riding", "ride"),
        ("carries", "carry"),
        ("holds", "hold"),
        ("carried", "carry"),
        ("making", "make"),
        ("on", "on"),
    ],
)
def test_verb_lemma_by_rule(form, base):
    assert verb_lemma(form) == base
