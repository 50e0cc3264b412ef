"""The part of a caption that a text encoder sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.text.visible_text import CONTEXT_TOKENS, visible_text


@given(caption=st.text(max_size=400))
def test_the_visible_part_is_the_beginning_of_a_long_caption(caption):
    visible = visible_text(caption)
    assert visible is None or (caption.startswith(visible) and len(visible) < len(caption))


@pytest.mark.parametrize(
    ("words", "seen"), [(CONTEXT_TOKENS - 2, None), (CONTEXT_TOKENS - 1, CONTEXT_TOKENS - 2)]
)
def test_a_text_encoder_sees_75_words_of_one_token(words, seen):
    visible = visible_text(" ".join(["dog"] * words))
    assert (visible and len(visible.split())) == seen
