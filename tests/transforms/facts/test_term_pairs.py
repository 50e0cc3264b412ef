"""The shares to which two terms say the same: from a table, by spelling, by heads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.facts.term_pairs import TermPairs, shipped_pairs

PAIRS = TermPairs(
    {
        ("object", "couch"): {("object", "sofa"): 0.9},
        ("object", "sofa"): {("object", "couch"): 0.9},
        ("object", "red couch"): {},
        ("object", "blue couch"): {},
        ("quality", "surfing"): {("object", "surfer"): 0.7},
        ("object", "surfer"): {("quality", "surfing"): 0.7},
    },
    longer=0.8,
    head=0.5,
)
TERMS = st.tuples(
    st.sampled_from(["object", "quality", "predicate"]),
    st.sampled_from(
        ["man", "person", "tennis racket", "racket", "t-shirt", "t shirt", "on", "red"]
    ),
)


@pytest.mark.parametrize(
    ("role", "first", "second", "share"),
    [
        ("object", "couch", "couch", 1.0),
        ("object", "couch", "sofa", 0.9),
        ("object", "couch", "lamp", 0.0),
        ("object", "t-shirt", "t shirt", 1.0),
        ("object", "t-shirt", "tshirt", 1.0),
        ("object", "racket", "tennis racket", 0.8),
        ("object", "old couch", "big sofa", 0.45),
        ("object", "red couch", "blue couch", 0.0),
        ("predicate", "sit", "sit on", 0.8),
        ("predicate", "on", "sit on", 0.8),
        ("quality", "red", "dark red", 0.0),
        ("quality", "2", "3", 0.0),
    ],
)
def test_the_share_of_two_terms(role, first, second, share):
    assert PAIRS.share((role, first), (role, second)) == pytest.approx(share)


def test_terms_of_two_roles_correspond_only_if_the_table_says_so():
    assert PAIRS.share(("quality", "surfing"), ("object", "surfer")) == 0.7
    assert PAIRS.share(("quality", "couch"), ("object", "couch")) == 0


@given(one=TERMS, other=TERMS)
def test_shares_lie_between_none_and_all_whichever_comes_first(one, other):
    share = shipped_pairs().share(one, other)
    assert 0 <= share <= 1
    assert share == shipped_pairs().share(other, one)


@pytest.mark.parametrize(
    ("role", "first", "second", "is_same"),
    [
        ("object", "man", "person", True),
        ("object", "airplane", "plane", True),
        ("object", "man", "woman", False),
        ("object", "cat", "dog", False),
        ("quality", "grey", "gray", True),
        ("quality", "black", "white", False),
        ("quality", "large", "small", False),
        ("quality", "2", "3", False),
        ("predicate", "next to", "beside", True),
    ],
)
def test_the_shipped_pairs_tell_synonyms_and_kinds_from_opposites(role, first, second, is_same):
    assert (shipped_pairs().share((role, first), (role, second)) >= 0.5) is is_same
