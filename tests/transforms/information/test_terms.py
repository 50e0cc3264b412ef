"""How visible and how common a term is, by itself or by its words."""

import pytest

from evenpair.transforms.information.terms import ROLES, UNKNOWN_VISIBILITY, shipped_terms

from ...support.corpora import terms_of

TERMS = terms_of({"racket": 0.9, "tennis": 0.4, "sit": 0.7, "pair of": 0.8, "old": 0.6}, {"old": 5})


@pytest.mark.parametrize(
    ("term", "role", "visibility"),
    [
        ("racket", "object", 0.9),
        ("tennis racket", "object", 0.9),
        ("racket tennis", "object", 0.4),
        ("tennis racket", "quality", 0.4),
        ("old racket", "quality", 0.6),
        ("xk-12 racket", "quality", UNKNOWN_VISIBILITY),
        ("pair of", "quality", 0.8),
        ("sit down on", "predicate", 0.7),
        ("xk-12", "object", UNKNOWN_VISIBILITY),
        ("", "quality", UNKNOWN_VISIBILITY),
    ],
)
def test_a_term_is_as_visible_as_the_words_that_decide(term, role, visibility):
    assert TERMS.visibility(term, role) == pytest.approx(visibility)


def test_the_rarest_word_says_how_common_a_term_is():
    terms = terms_of({}, {"dark": 4.0, "teal": 9.0})
    assert terms.share("dark", "quality") == 2**-4.0
    assert terms.share("dark teal", "quality") == 2**-9.0
    assert terms.share("dark xk-12", "quality") is None


@pytest.mark.parametrize(
    ("shown", "not_shown"),
    [
        ("dog", "strategy"),
        ("armchair", "government"),
        ("spaceship", "price"),
        ("walrus", "nike"),
        ("saxophone", "xk-1207"),
    ],
)
def test_things_are_shipped_as_more_visible_than_ideas_names_and_codes(shown, not_shown):
    terms = shipped_terms()
    assert terms.visibility(shown, "object") > 2 * terms.visibility(not_shown, "object")


def test_what_ships_is_a_share_for_every_word_of_the_language():
    terms = shipped_terms()
    assert all(0 <= terms.visibility("red", role) <= 1 for role in ROLES)
    assert all(0 < terms.share(word, "object") < 1 for word in ("red", "dog", "harpsichord"))
    assert terms.share("xk-1207", "object") is None
