"""The full level: a quantile of the bits of a corpus, never below that of the prior."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.information.full_level import BINS_A_BIT, full_level, quantile


@given(bits=st.lists(st.integers(0, 400), min_size=1), share=st.floats(0.01, 1))
def test_a_quantile_has_its_share_of_the_values_below_it(bits, share):
    level = quantile(Counter(bits), share) * BINS_A_BIT
    assert level in bits
    assert sum(b <= level for b in bits) >= share * len(bits)
    assert sum(b < level for b in bits) < share * len(bits)


@given(bits=st.lists(st.integers(0, 400)), at=st.integers(0, 9))
def test_the_level_does_not_depend_on_how_the_corpus_is_split(bits, at):
    parts = [Counter(bits[at:]), Counter(bits[:at])]
    assert full_level(parts, 5.0) == full_level([Counter(bits)], 5.0)


@pytest.mark.parametrize(
    ("histogram", "prior", "level"),
    [
        ({}, 5.0, 5.0),
        ({16: 10}, 5.0, 5.0),
        ({160: 9, 320: 1}, 5.0, 10.0),
        ({160: 1}, 0.0, 10.0),
    ],
)
def test_the_level_is_the_larger_of_prior_and_corpus(histogram, prior, level):
    assert full_level([Counter(histogram)], prior) == level
