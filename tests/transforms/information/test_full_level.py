"""Quantiles of a histogram of bits."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.information.full_level import BINS_A_BIT, quantile


@given(bits=st.lists(st.integers(0, 400), min_size=1), share=st.floats(0.01, 1))
def test_a_quantile_has_its_share_of_the_values_below_it(bits, share):
    level = quantile(Counter(bits), share) * BINS_A_BIT
    assert level in bits
    assert sum(b <= level for b in bits) >= share * len(bits)
    assert sum(b < level for b in bits) < share * len(bits)


def test_without_values_the_quantile_is_zero():
    assert quantile({}, 0.5) == 0.0
