"""Samples of an archive become pairs; those without a usable pair are rejected with a reason."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.pair import derive_uid
from evenpair.schemas.source import Source
from evenpair.schemas.tables import PAIRS, SCORES
from evenpair.schemas.tar import END_OF_ARCHIVE
from evenpair.schemas.tar_header import make_header, padding
from evenpair.transforms.read.read_samples import read_samples


def pack(members):
    """Return an archive of names and payloads."""
    blocks = [make_header(n, len(c)) + c + bytes(padding(len(c))) for n, c in members]
    return b"".join([*blocks, END_OF_ARCHIVE])


def read_packed(members):
    return read_samples(Source(0, "s", "s.tar"), pack(members), None, None)


def reasons(unit):
    return {r.key: r.reason.value for r in unit.rejections}


@pytest.mark.parametrize(
    ("members", "rejected"),
    [
        ([("2.txt", b"a cat")], {"2": "missing-image"}),
        ([("2.seg.png", b"x"), ("2.txt", b"a cat")], {"2": "missing-image"}),
        ([("2.jpg", b"x"), ("2.json", b"[1]")], {"2": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("2.json", b"{")], {"2": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("2.json", b"\xff")], {"2": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("2.json", b"[" * 100_000)], {"2": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("2.json", b'{"a":' + b"9" * 5000)], {"2": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("2.jpg", b"y")], {"2": "unreadable-sample"}),
        ([("../2.jpg", b"x")], {"../2": "unreadable-sample"}),
        ([("\udcff.jpg", b"x")], {"\udcff": "unreadable-sample"}),
        ([("2.jpg", b"x"), ("1.jpg", b"x")], {"1": "duplicate-key"}),
    ],
)
def test_a_sample_that_lacks_a_part_is_rejected_with_its_reason(members, rejected):
    unit = read_packed([("1.jpg", b"x"), ("1.json", b'{"a": 1}'), *members])
    assert reasons(unit) == rejected
    assert unit.tally.pairs_read == unit.table.num_rows + len(unit.rejections)
    assert "1" in unit.table["key"].to_pylist()


def test_a_sample_without_json_or_text_has_no_caption():
    unit = read_packed([("1.jpg", b"x")])
    assert unit.table.to_pylist() == [
        {**dict.fromkeys(PAIRS.names), "uid": derive_uid(None, "s", "1", None), "shard": "s",
         "key": "1"}
    ]  # fmt: skip


def test_a_caption_is_taken_from_the_json():
    unit = read_packed([("1.jpg", b"x"), ("1.json", b'\xef\xbb\xbf{"caption": "a dog"}')])
    assert unit.table["caption"].to_pylist() == ["a dog"]


def test_broken_utf8_in_a_caption_is_repaired():
    unit = read_packed([("1.jpg", b"x"), ("1.txt", b"a d\xffg")])
    assert unit.table["caption"].to_pylist() == ["a d\ufffdg"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["caption", "url", "uid", "key", "width", "sha256", "language", "source_language", "", "\ud800"]
) | st.text(max_size=2)


@given(samples=st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=4))
def test_any_json_gives_a_table_that_can_be_written(samples):
    members = []
    for at, fields in enumerate(samples):
        members += [(f"{at}.jpg", b"x"), (f"{at}.json", json.dumps(fields).encode())]
    unit = read_packed(members)
    assert unit.table["key"].to_pylist() == [str(at) for at in range(len(samples))]
    sink = pa.BufferOutputStream()
    pq.write_table(unit.table, sink)
    kept = pq.read_table(pa.BufferReader(sink.getvalue()))
    assert kept.column_names == unit.table.column_names
    assert len(set(kept.column_names)) == kept.num_columns
    assert set(kept.column_names[len(PAIRS) :]).isdisjoint(SCORES.names)


def test_a_field_gets_a_type_that_holds_all_its_values():
    samples = [
        {"score": 0.5, "boxes": [[1, 2]], "mixed": 1, "meta": {"a": 1}, "n": 2**70},
        {"score": 1, "boxes": [], "mixed": "x", "meta": {}},
    ]
    members = [
        member
        for at, fields in enumerate(samples)
        for member in [(f"{at}.jpg", b"x"), (f"{at}.json", json.dumps(fields).encode())]
    ]
    table = read_packed(members).table
    assert table.select(["score", "boxes", "mixed", "meta", "n"]).to_pylist() == [
        {"score": 0.5, "boxes": [[1, 2]], "mixed": "1", "meta": '{"a": 1}', "n": str(2**70)},
        {"score": 1.0, "boxes": [], "mixed": '"x"', "meta": "{}", "n": None},
    ]
