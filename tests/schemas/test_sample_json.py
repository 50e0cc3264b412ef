"""Fields added to a sample's JSON: every other field keeps its text."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.sample_json import SampleJson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=5)


def add_fields(text, fields, without=()):
    return SampleJson(text).with_fields(fields, without)


INDENTS = st.sampled_from([None, 0, 1, 4, "\t"])


@given(original=OBJECTS, added=OBJECTS, indent=INDENTS, ascii_only=st.booleans())
def test_the_result_parses_to_the_union_of_both_objects(original, added, indent, ascii_only):
    text = json.dumps(original, indent=indent, ensure_ascii=ascii_only)
    assert json.loads(add_fields(text, added)) == original | added


def same(one, other):
    return type(one) is type(other) and one == other


@given(original=OBJECTS, added=OBJECTS, indent=INDENTS, ascii_only=st.booleans())
def test_the_text_of_every_other_member_is_kept(original, added, indent, ascii_only):
    members = [
        json.dumps({name: value}, indent=indent, ensure_ascii=ascii_only)[1:-1].strip()
        for name, value in original.items()
    ]
    text = "{" + " , ".join(members) + "}"
    changed = {n for n, v in added.items() if n in original and not same(original[n], v)}
    kept = [m for name, m in zip(original, members, strict=True) if name not in changed]
    pattern = r"\s*,\s*".join(re.escape(member) for member in kept)
    assert re.match(r"\{\s*" + pattern, add_fields(text, added))


def test_numbers_escapes_order_and_repeated_names_are_kept():
    text = r'{"b": 1.50, "a": 1e3, "é": "\u00e9\/", "a": 12345678901234567890, "uid": "old"}'
    assert add_fields(text, {"uid": "new"}) == (
        "{\n"
        '    "b": 1.50,\n'
        '    "a": 1e3,\n'
        r'    "é": "\u00e9\/",' + "\n"
        '    "a": 12345678901234567890,\n'
        '    "uid": "new"\n'
        "}"
    )


def test_a_field_that_already_has_the_value_keeps_its_text():
    text = r'{ "a":1.50,"uid" : "\u006eew" }'
    assert add_fields(text, {"uid": "new"}) == '{\n    "a":1.50,"uid" : "\\u006eew"\n}'
    assert add_fields('{"uid": 1}', {"uid": True}) == '{\n    "uid": true\n}'


@given(original=OBJECTS, added=OBJECTS, without=st.sets(st.text(max_size=5)), indent=INDENTS)
def test_some_fields_can_be_left_out(original, added, without, indent):
    text = json.dumps(original, indent=indent)
    without = without | {*list(original)[:2]} - added.keys()
    expected = {n: v for n, v in (original | added).items() if n in added or n not in without}
    assert json.loads(add_fields(text, added, without)) == expected


def test_without_an_original_the_result_has_the_added_fields_only():
    assert json.loads(add_fields(None, {"uid": "x", "imbalance_after": None})) == {
        "uid": "x",
        "imbalance_after": None,
    }


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"a"', '{"a" 1}', '{"a": }', '{"a": 1 "b": 2}', "{a: 1}", "\ufeff{}"],
)
def test_text_that_is_not_a_json_object_is_refused(text):
    with pytest.raises(ValueError, match="char"):
        add_fields(text, {"uid": "x"})
