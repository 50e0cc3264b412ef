"""Fingerprints of strings."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.fingerprint import fingerprints, high_half


@given(st.lists(st.text(max_size=30), max_size=8), st.integers(0, 4))
def test_only_equal_strings_have_equal_fingerprints(texts, at):
    column = pa.array(["x", *texts, "y"], pa.string())[1:-1]
    prints = fingerprints(column)
    assert len(np.unique(prints)) == len(set(texts))
    assert prints["high"].tolist() == [high_half(text) for text in texts]
    assert prints[at:].tolist() == fingerprints(pa.array(texts[at:], pa.string())).tolist()
