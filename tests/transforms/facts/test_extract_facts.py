import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.facts.canonical_terms import Lexicon, singular, verb_lemma
from evenpair.transforms.facts.extract_facts import Role, extract_facts

LEXICON = Lexicon(verbs={"lying": "lie"}, predicates={"'s": "have"})


def read(*rows: tuple[str, int, str]) -> Facts:
    """Facts of a sentence given as rows of word, head and label."""
    words, heads, labels = zip(*rows, strict=True)
    return extract_facts(words, heads, [Role.of(label) for label in labels], LEXICON).facts()


def facts(objects: str, *others: tuple[str, ...]) -> Facts:
    return Facts(
        tuple(objects.split(", ")) if objects else (),
        tuple(Attribute(*other) for other in others if len(other) == 2),
        tuple(Relation(*other) for other in others if len(other) == 3),
    )


def test_attributes_and_a_relation():
    found = read(
        ("two", 2, "attr"),
        ("brown", 2, "attr"),
        ("dogs", 2, "ROOT"),
        ("lying", 2, "rel"),
        ("on", 3, "pred"),
        ("a", 6, "skip"),
        ("rug", 4, "arg"),
    )
    assert found == facts("dog, rug", ("dog", "2"), ("dog", "brown"), ("dog", "lie on", "rug"))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [("leg", 0, "ROOT"), ("of", 0, "rev=have"), ("man", 1, "arg")],
            facts("leg, man", ("man", "have", "leg")),
            id="reversed, with a term",
        ),
        pytest.param(
            [("man", 0, "ROOT"), ("'s", 0, "rel"), ("hat", 1, "arg")],
            facts("man, hat", ("man", "have", "hat")),
            id="a word with an equal",
        ),
        pytest.param(
            [
                ("cat", 0, "ROOT"),
                ("and", 2, "skip"),
                ("dog", 0, "conj"),
                ("in", 0, "rel"),
                ("box", 3, "arg"),
                ("and", 6, "skip"),
                ("bag", 4, "conj"),
            ],
            facts(
                "cat, dog, box, bag",
                *((s, "in", o) for s in ("cat", "dog") for o in ("box", "bag")),
            ),
            id="coordination distributes",
        ),
        pytest.param(
            [("cat", 0, "ROOT"), ("in", 0, "rel"), ("box", 1, "arg"), ("dog", 0, "conj")],
            facts("cat, box, dog", ("cat", "in", "box")),
            id="a predicate before a conjunct is not shared",
        ),
        pytest.param(
            [("bus", 0, "ROOT"), ("windshield", 0, "to=have")],
            facts("bus, windshield", ("bus", "have", "windshield")),
            id="no word for the predicate",
        ),
        pytest.param(
            [("man", 0, "ROOT"), ("carrying", 0, "rel"), ("eating", 1, "also"), ("fig", 1, "arg")],
            facts("man, fig", ("man", "carry", "fig"), ("man", "eat", "fig")),
            id="two predicates share their objects",
        ),
        pytest.param(
            [("ox", 0, "ROOT"), ("next", 0, "rel"), ("to", 1, "pred"), ("other", 2, "self")],
            facts("ox", ("ox", "next to", "ox")),
            id="each other",
        ),
        pytest.param(
            [
                ("tennis", 1, "compound"),
                ("rackets", 1, "ROOT"),
                ("light", 3, "part"),
                ("green", 1, "attr"),
            ],
            facts("tennis racket", ("tennis racket", "light green")),
            id="names and attributes of several words",
        ),
        pytest.param([("well", 0, "ROOT"), ("done", 0, "nil")], facts(""), id="nothing named"),
        pytest.param([("it", 0, "ROOT"), ("red", 0, "attr")], facts(""), id="a pronoun"),
        pytest.param([("42", 0, "ROOT")], facts(""), id="a number"),
    ],
)
def test_arcs_become_facts(rows, expected):
    assert read(*rows) == expected


LABELS = "ROOT other conj compound attr part rel rev=have pred also arg self to=on from=in skip nil"


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from(LABELS.split())), min_size=1, max_size=30
    )
)
def test_any_tree_can_be_read(rows):
    heads = [min(head, position) for position, (head, _) in enumerate(rows)]
    roles = [Role.of(label) for _, label in rows]
    words = [f"word{'abcdefghijklmnopqrstuvwxyzabcdef'[i]}" for i in range(len(rows))]
    found = extract_facts(words, heads, roles, LEXICON).facts()
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
