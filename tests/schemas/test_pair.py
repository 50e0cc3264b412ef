"""The identity of a pair."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.pair import derive_uid, own_uid

URLS = st.none() | st.text(max_size=5)
CAPTIONS = st.none() | st.text(max_size=5)


@given(url=URLS, source=st.text(max_size=3), key=st.text(max_size=3), caption=CAPTIONS)
def test_a_derived_uid_is_a_uid_and_repeats(url, source, key, caption):
    uid = derive_uid(url, source, key, caption)
    assert own_uid(uid) == uid
    assert derive_uid(url, source, key, caption) == uid


def test_uids_of_yesterday_are_those_of_tomorrow():
    assert derive_uid("https://example.invalid/1.jpg", "s", "1", "a dog") == (
        "36b239ff5ca2755180889b89b45c9019"
    )


@given(urls=st.lists(st.text(min_size=1), min_size=2, max_size=2), caption=CAPTIONS)
def test_a_pair_with_a_url_is_its_url_and_caption(urls, caption):
    one, other = urls
    assert derive_uid(one, "a", "1", caption) == derive_uid(one, "b", "2", caption)
    same = derive_uid(one, "a", "1", caption) == derive_uid(other, "a", "1", caption)
    assert same == (one == other)
    assert derive_uid(one, "a", "1", "x") != derive_uid(one, "a", "1", "y")


@pytest.mark.parametrize("url", [None, ""])
def test_a_pair_without_a_url_is_its_source_key_and_caption(url):
    uids = [
        derive_uid(url, source, key, caption)
        for source in ("a", "b")
        for key in ("1", "2")
        for caption in ("x", "y")
    ]
    assert len(set(uids)) == 8


def test_a_null_caption_equals_an_empty_one():
    assert derive_uid("u", "s", "1", None) == derive_uid("u", "s", "1", "")


def test_lone_surrogates_have_a_uid():
    assert re.fullmatch("[0-9a-f]{32}", derive_uid("\ud800", "s", "1", "\udfff"))


@pytest.mark.parametrize(
    "value", [None, 7, "", "0" * 31, "0" * 33, "G" + "0" * 31, "A" * 32, "0" * 32 + "\n"]
)
def test_what_is_no_uid(value):
    assert own_uid(value) is None
