"""Misspelt words are corrected to the most common word that they resemble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.text.correct_spelling import Speller

COMMON = {"plate": 9, "plates": 3, "chair": 5, "window": 4, "white": 8, "sky": 2}
SPELLER = Speller({*COMMON, "palate", "slate"}, COMMON)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("palte", "plate"),
        ("chiar", "chair"),
        ("windoww", "window"),
        ("indow", "window"),
        ("whute", "white"),
        ("insky", "in sky"),
        ("whitea", "white"),
        ("zzzzz", None),
        ("platers", "plates"),
    ],
)
def test_a_misspelt_word_becomes_the_most_common_similar_word(word, meant):
    assert SPELLER.meant(word) == meant


@pytest.mark.parametrize(
    ("sentence", "caption", "corrected"),
    [
        ("a palte on a chiar", "A palte on a chiar", "a plate on a chair"),
        ("a palate", "a palate", "a palate"),
        ("palte inc", "Palte Inc", "palte inc"),
        ("plat", "plat", "plat"),
    ],
)
def test_only_unknown_words_in_lower_case_are_corrected(sentence, caption, corrected):
    assert SPELLER.correct(sentence, caption) == corrected


@given(st.lists(st.sampled_from([*COMMON, "palate", "a", "zzzzzzz"]), min_size=1))
def test_known_words_and_words_like_no_other_are_kept(words):
    sentence = " ".join(words)
    assert SPELLER.correct(sentence, sentence) == sentence
