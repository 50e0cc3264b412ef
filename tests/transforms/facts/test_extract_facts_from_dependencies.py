"""Facts from dependency parses, made by hand in both label schemes without a model."""

import pytest
from spacy.attrs import LOWER
from spacy.tokens import Doc
from spacy.vocab import Vocab

from evenpair.transforms.facts.canonical_terms import Lexicon
from evenpair.transforms.facts.extract_facts_from_dependencies import (
    extract_facts_from_dependencies,
)

VOCABULARY = Vocab(lex_attr_getters={LOWER: str.lower})
LEXICON = Lexicon(verbs={"is": "be", "are": "be", "lying": "lie"})
N, V, A, P, D, X, R = "NOUN", "VERB", "ADJ", "ADP", "DET", "AUX", "PRON"


def doc_of(text: str) -> Doc:
    """Return a parse from `word/head/label/tag` for each word, heads counted from 0."""
    rows = [word.split("/") for word in text.split()]
    return Doc(
        VOCABULARY,
        words=[row[0] for row in rows],
        heads=[int(row[1]) for row in rows],
        deps=[row[2] for row in rows],
        pos=[row[3] for row in rows],
    )


CASES = {
    "attributes and a relation": (
        [
            f"two/2/nummod/NUM brown/2/amod/{A} Dogs/2/ROOT/{N} lying/2/acl/{V} on/3/prep/{P} "
            f"a/6/det/{D} rug/4/pobj/{N}",
            f"two/2/nummod/NUM brown/2/amod/{A} Dogs/2/root/{N} lying/2/acl/{V} on/6/case/{P} "
            f"a/6/det/{D} rug/3/obl/{N}",
        ],
        {"dog", "rug"},
        {("dog", "2"), ("dog", "brown")},
        {("dog", "lie on", "rug")},
    ),
    "subject, verb, objects": (
        [
            f"man/1/nsubj/{N} holds/1/ROOT/{V} cup/1/dobj/{N} and/2/cc/CCONJ plate/2/conj/{N}",
            f"man/1/nsubj/{N} holds/1/root/{V} cup/1/obj/{N} and/4/cc/CCONJ plate/2/conj/{N}",
        ],
        {"man", "cup", "plate"},
        set(),
        {("man", "hold", "cup"), ("man", "hold", "plate")},
    ),
    "predicate adjective": (
        [
            f"the/1/det/{D} cat/2/nsubj/{N} is/2/ROOT/{X} black/2/acomp/{A}",
            f"the/1/det/{D} cat/3/nsubj/{N} is/3/cop/{X} black/3/root/{A}",
        ],
        {"cat"},
        {("cat", "black")},
        set(),
    ),
    "predicate place": (
        [
            f"cat/1/nsubj/{N} is/1/ROOT/{X} on/1/prep/{P} sofa/2/pobj/{N}",
            f"cat/3/nsubj/{N} is/3/cop/{X} on/3/case/{P} sofa/3/root/{N}",
        ],
        {"cat", "sofa"},
        set(),
        {("cat", "on", "sofa")},
    ),
    "of and possession": (
        [
            f"leg/0/ROOT/{N} of/0/prep/{P} man/4/poss/{N} 's/2/case/PART dog/1/pobj/{N}",
            f"leg/0/root/{N} of/4/case/{P} man/4/nmod:poss/{N} 's/2/case/PART dog/0/nmod/{N}",
        ],
        {"leg", "man", "dog"},
        set(),
        {("dog", "have", "leg"), ("man", "have", "dog")},
    ),
    "passive": (
        [
            f"sheep/2/nsubjpass/{N} are/2/auxpass/{X} blocked/2/ROOT/{V} by/2/agent/{P} "
            f"bales/3/pobj/{N}",
            f"sheep/2/nsubj:pass/{N} are/2/aux/{X} blocked/2/root/{V} by/4/case/{P} "
            f"bales/2/obl/{N}",
        ],
        {"sheep", "bale"},
        set(),
        {("bale", "block", "sheep")},
    ),
    "names of several words": (
        [
            f"tennis/1/compound/{N} racket/1/ROOT/{N} in/1/prep/{P} front/2/pobj/{N} of/3/prep/{P} "
            f"net/4/pobj/{N}",
            f"tennis/1/compound/{N} racket/1/root/{N} in/3/case/{P} front/1/nmod/{N} of/5/case/{P} "
            f"net/3/nmod/{N}",
        ],
        {"tennis racket", "net"},
        set(),
        {("tennis racket", "in front of", "net")},
    ),
    "quantities and pictures": (
        [
            f"photo/0/ROOT/{N} of/0/prep/{P} group/1/pobj/{N} of/2/prep/{P} people/3/pobj/{N}",
            f"photo/0/root/{N} of/2/case/{P} group/0/nmod/{N} of/4/case/{P} people/2/nmod/{N}",
        ],
        {"people"},
        {("people", "group of")},
        set(),
    ),
    "pronouns": (
        [
            f"it/1/nsubj/{R} holds/1/ROOT/{V} cup/1/dobj/{N}",
            f"it/1/nsubj/{R} holds/1/root/{V} cup/1/obj/{N}",
        ],
        {"cup"},
        set(),
        set(),
    ),
}


@pytest.mark.parametrize("scheme", ["ClearNLP", "Universal Dependencies"])
@pytest.mark.parametrize("name", CASES)
def test_both_schemes_give_the_same_facts(name, scheme):
    texts, objects, attributes, relations = CASES[name]
    doc = doc_of(texts[scheme != "ClearNLP"])
    stated = extract_facts_from_dependencies(doc, LEXICON).facts()
    assert set(stated.objects) == objects
    assert set(stated.attributes) == attributes
    assert set(stated.relations) == relations


def test_a_parse_without_tags_gives_relations():
    doc = Doc(
        VOCABULARY, words="man holds cup".split(), heads=[1, 1, 1], deps=["nsubj", "ROOT", "dobj"]
    )
    assert extract_facts_from_dependencies(doc, LEXICON).facts().relations == (
        ("man", "hold", "cup"),
    )
