"""A few of the damaged archives and strange captions of which support/fuzz.py tries many."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.fuzz import check_archive, check_captions, mutated_archive, strange_caption

pytestmark = pytest.mark.slow

RANDOMS = st.randoms(use_true_random=False)
CAPTIONS = st.binary(max_size=60) | st.text(max_size=60).map(str.encode)


@settings(max_examples=800)
@given(random=RANDOMS)
def test_every_pair_of_a_damaged_archive_is_written_or_named(random):
    with tempfile.TemporaryDirectory() as folder:
        check_archive(mutated_archive(random), Path(folder))


@settings(max_examples=15)
@given(random=RANDOMS, captions=st.lists(CAPTIONS, max_size=20))
def test_strange_captions_are_read_and_parsed(random, captions):
    with tempfile.TemporaryDirectory() as folder:
        check_captions([*captions, *(strange_caption(random) for _ in range(40))], Path(folder))


def test_a_caption_of_megabytes_is_read_and_parsed(tmp_path):
    check_captions([b"a dog and a cat on a mat, " * 100_000, b"\0" * 2_000_000], tmp_path)
