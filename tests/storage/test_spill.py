"""Spilled parts are read back unchanged."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from evenpair.storage.spill import load_spilled, spill

PARTS = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=9)))


@given(parts=PARTS)
def test_parts_are_read_back_from_their_places(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("spilled")
    spilled = list(spill(str(folder), iter(parts)))
    assert [(number, load_spilled(place)) for number, place in spilled] == parts
    assert {Path(path) for _, (path, _, _) in spilled} <= set(folder.iterdir())


def test_two_attempts_keep_their_own_parts(tmp_path):
    first, second = (list(spill(str(tmp_path), [(0, part)])) for part in (b"one", b"two"))
    assert [load_spilled(place) for _, place in (*first, *second)] == [b"one", b"two"]


def test_parts_are_not_spilled_to_an_object_store():
    parts = [(0, b"a"), (1, b"bc")]
    spilled = list(spill("gs://bucket/run/work/counted", parts))
    assert (spilled, [load_spilled(part) for _, part in spilled]) == (parts, [b"a", b"bc"])
