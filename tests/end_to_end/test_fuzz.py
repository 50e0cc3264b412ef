"""Half a minute of the damaged archives and strange captions that fuzz.py tries for longer."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ..support.fuzz import check_archive, check_captions, mutated_archive, strange_caption

RANDOMS = st.randoms(use_true_random=False)
CAPTIONS = st.binary(max_size=60) | st.text(max_size=60).map(str.encode)


@settings(max_examples=800)
@given(random=RANDOMS)
def test_a_damaged_archive_loses_no_pair_without_a_name(random):
    with tempfile.TemporaryDirectory() as folder:
        check_archive(mutated_archive(random), Path(folder))


@settings(max_examples=15)
@given(random=RANDOMS, captions=st.lists(CAPTIONS, max_size=20))
def test_a_strange_caption_is_read_and_has_facts(random, captions):
    with tempfile.TemporaryDirectory() as folder:
        check_captions([*captions, *(strange_caption(random) for _ in range(40))], Path(folder))


def test_a_caption_of_megabytes(tmp_path):
    check_captions([b"a dog and a cat on a mat, " * 100_000, b"\0" * 2_000_000], tmp_path)
