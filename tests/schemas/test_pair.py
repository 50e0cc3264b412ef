"""The identity of a pair."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.pair import derive_uid, own_uid

URLS = st.none() | st.text(max_size=5)
CAPTIONS = st.none() | st.text(max_size=5)


@given(url=URLS, source=st.text(max_size=3), key=st.text(max_size=3), caption=CAPTIONS)
def test_a_derived_uid_has_the_form_of_a_uid(url, source, key, caption):
    uid = derive_uid(url, source, key, caption)
    assert own_uid(uid) == uid


@pytest.mark.parametrize(
    ("url", "uid"),
    [
        ("https://example.invalid/1.jpg", "36b239ff5ca2755180889b89b45c9019"),
        (None, "99fd135d9cdc0d77f413cfb4d53f2adf"),
    ],
)
def test_derived_uids_never_change(url, uid):
    assert derive_uid(url, "s", "1", "a dog") == uid


@given(urls=st.lists(st.text(min_size=1), min_size=2, max_size=2), caption=CAPTIONS)
def test_the_uid_of_a_pair_with_a_url_depends_on_url_and_caption(urls, caption):
    one, other = urls
    assert derive_uid(one, "a", "1", caption) == derive_uid(one, "b", "2", caption)
    same = derive_uid(one, "a", "1", caption) == derive_uid(other, "a", "1", caption)
    assert same == (one == other)
    assert derive_uid(one, "a", "1", "x") != derive_uid(one, "a", "1", "y")


@pytest.mark.parametrize("url", [None, ""])
def test_the_uid_of_a_pair_without_a_url_depends_on_source_key_and_caption(url):
    uids = [
        derive_uid(url, source, key, caption)
        for source in ("a", "b")
        for key in ("1", "2")
        for caption in ("x", "y")
    ]
    assert len(set(uids)) == 8


def test_a_null_caption_equals_an_empty_one():
    assert derive_uid("u", "s", "1", None) == derive_uid("u", "s", "1", "")


def test_lone_surrogates_can_be_hashed():
    assert re.fullmatch("[0-9a-f]{32}", derive_uid("\ud800", "s", "1", "\udfff"))


@pytest.mark.parametrize(
    "value", [None, 7, "", "0" * 31, "0" * 33, "G" + "0" * 31, "A" * 32, "0" * 32 + "\n"]
)
def test_values_of_another_form_are_not_uids(value):
    assert own_uid(value) is None
