"""Sentences of a caption, and clauses of a long sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.text.split_sentences import LONG_SENTENCE, split_clauses, split_sentences


@given(words=st.lists(st.sampled_from(["dog", "dog.", "Mr.", "a", "red!", "U.S."]), max_size=12))
def test_sentences_joined_are_the_text(words):
    text = " ".join(words)
    assert " ".join(split_sentences(text)) == text


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("a dog, holding a stick", ["a dog, holding a stick"]),
        (
            "A man in a black jacket stands on a beach, holding a red surfboard, while two "
            "children play in the sand behind him.",
            [
                "A man in a black jacket stands on a beach",
                ", holding a red surfboard",
                ", while two children play in the sand behind him.",
            ],
        ),
        (
            "A man in a black jacket stands on a wide and sunny beach, and so on, with a very red "
            "surfboard",
            [
                "A man in a black jacket stands on a wide and sunny beach",
                ", and so on",
                ", with a very red surfboard",
            ],
        ),
    ],
)
def test_only_a_long_sentence_has_clauses(sentence, clauses):
    assert (len(sentence.split()) > LONG_SENTENCE) == (len(clauses) > 1)
    assert split_clauses(sentence) == clauses
    assert "".join(clauses) == sentence
