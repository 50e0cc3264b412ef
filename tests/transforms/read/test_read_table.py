"""Pairs from a table with images, and captions from a chosen field."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.errors import UsageError
from evenpair.schemas.pair import derive_uid
from evenpair.schemas.source import Source
from evenpair.schemas.tables import PAIRS
from evenpair.transforms.read.read_captions import read_captions, require_caption_field

from ...support.messages import unnamed
from ...support.shards import MadePair, make_jpeg, write_members, write_source

ROWS = {
    "url": ["u0", "u1", "u2", "u3", "u4"],
    "caption": ["a dog", "gone", None, "a boat", "a boat again"],
    "text": ["Hund", "weg", "nichts", "Boot", "Boot"],
    "key": ["00", "01", "02", "03", "03"],
    "status": ["success", "failed_to_resize", "success", "success", "success"],
    "width": pa.array([8, None, 8, 8, 8], pa.int32()),
    "jpg": [make_jpeg(0), None, make_jpeg(2), make_jpeg(3), make_jpeg(4)],
}


def write_table(path, rows=ROWS, successes=4):
    pq.write_table(pa.table(rows), path)
    stats = {"count": 5, "successes": successes, "failed_to_resize": 1}
    path.with_name(f"{path.stem}_stats.json").write_text(json.dumps(stats))
    return Source(0, "s", str(path))


def without(*names):
    return {name: values for name, values in ROWS.items() if name not in names}


def reasons(unit):
    return {r.key: r.reason.value for r in unit.rejections}


def test_successful_rows_are_pairs(tmp_path):
    unit = read_captions(write_table(tmp_path / "0.parquet"))
    assert unit.table.select(["uid", "key", "caption", "width"]).to_pylist() == [
        {
            "uid": derive_uid("u0", source="", key="", caption="a dog"),
            "key": "00",
            "caption": "a dog",
            "width": 8,
        },
        {
            "uid": derive_uid("u2", source="", key="", caption=None),
            "key": "02",
            "caption": None,
            "width": 8,
        },
        {
            "uid": derive_uid("u3", source="", key="", caption="a boat"),
            "key": "03",
            "caption": "a boat",
            "width": 8,
        },
    ]
    assert unit.table.column_names == [*PAIRS.names, "text", "status"]
    assert reasons(unit) == {"03": "duplicate-key"}
    assert (unit.tally.pairs_read, unit.tally.source_successes, unit.tally.fault) == (4, 4, None)


def test_images_are_not_read(tmp_path):
    source = write_table(tmp_path / "0.parquet")
    content = (tmp_path / "0.parquet").read_bytes()
    damaged = content.replace(make_jpeg(0)[200:300], bytes(100))
    assert damaged != content
    (tmp_path / "0.parquet").write_bytes(damaged)
    assert read_captions(source).table["caption"].to_pylist() == ["a dog", None, "a boat"]


def test_rows_without_keys_get_their_numbers(tmp_path):
    unit = read_captions(write_table(tmp_path / "0.parquet", without("key")))
    keys = ["000000000", "000000002", "000000003", "000000004"]
    assert unit.table["key"].to_pylist() == keys


@pytest.mark.parametrize("key", [None, "", "a.b", "../a", "/a", "a\0b"])
def test_a_key_that_cannot_name_a_file_is_rejected(tmp_path, key):
    unit = read_captions(write_table(tmp_path / "0.parquet", {**ROWS, "key": [key, *"1234"]}))
    assert reasons(unit) == {key or "": "unreadable-sample"}
    assert unit.table["key"].to_pylist() == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("rows", "field", "named"),
    [
        (without("jpg"), "", ["jpg", "png", "jpeg", "webp"]),
        (without("jpg") | {"jpg": ["a", "b", "c", "d", "e"]}, "", ["jpg"]),
        (ROWS, "alt", ["'alt'", "url", "caption", "text", "key", "status", "width"]),
    ],
)
def test_a_table_without_the_columns_is_a_fault(tmp_path, rows, field, named):
    unit = read_captions(write_table(tmp_path / "0.parquet", rows), field)
    assert unnamed(unit.tally.fault, *named) == []
    assert (unit.table.num_rows, unit.tally.pairs_read) == (0, 0)


@pytest.mark.parametrize("size", [0, 3, 200])
def test_a_truncated_table_is_a_fault(tmp_path, size):
    source = write_table(tmp_path / "0.parquet")
    path = tmp_path / "0.parquet"
    path.write_bytes(path.read_bytes()[:size])
    unit = read_captions(source)
    assert unnamed(unit.tally.fault, path) == []
    assert "\n" not in unit.tally.fault


def test_captions_are_read_from_another_column(tmp_path):
    unit = read_captions(write_table(tmp_path / "0.parquet"), "text")
    assert unit.table["caption"].to_pylist() == ["Hund", "nichts", "Boot"]
    assert unit.table["source_caption"].to_pylist() == ["a dog", None, "a boat"]
    assert unit.table["text"].to_pylist() == ["Hund", "nichts", "Boot"]


@pytest.fixture
def shard(tmp_path):
    pairs = [MadePair(0, "a dog", extra={"alt": "ein Hund"}), MadePair(1, "a cat"),
             MadePair(2, "a boat", extra={"alt": ["no", "text"]})]  # fmt: skip
    return Source(0, "s", str(write_source(tmp_path / "0.tar", pairs)))


def test_captions_are_read_from_a_field_of_the_json(shard):
    unit = read_captions(shard, "alt")
    assert unit.table["caption"].to_pylist() == ["ein Hund", None, "no"]
    assert unit.table["captions_raw"].to_pylist() == [None, None, ["no", "text"]]
    assert unit.table["source_caption"].to_pylist() == ["a dog", "a cat", "a boat"]
    assert unit.tally.pairs_read == 3


def test_captions_are_read_from_a_column_of_the_parquet(shard):
    assert read_captions(shard, "exif").table["caption"].to_pylist() == ["{}", "{}", "{}"]


def refused_fields(source, *fields):
    """Return those of ``fields`` that are refused with a message that names them and the source."""
    refused = []
    for field in fields:
        try:
            require_caption_field(source, field)
        except UsageError as error:
            if not unnamed(error, f"--caption-field {field}", source.path):
                refused.append(field)
    return refused


def test_a_field_that_no_sample_has_is_refused(shard, tmp_path):
    assert refused_fields(shard, "alt", "caption", "sha256", "alts") == ["alts"]
    table = write_table(tmp_path / "1.parquet")
    assert refused_fields(table, "text", "texts") == ["texts"]


def test_a_missing_source_and_one_without_json_accept_any_field(tmp_path):
    assert refused_fields(Source(0, "gone", str(tmp_path / "gone.tar")), "anything") == []
    bare = write_members(tmp_path / "bare.tar", [("1.jpg", b"x"), ("1.txt", b"a dog")])
    assert refused_fields(Source(0, "bare", str(bare)), "anything") == []


def test_a_field_without_text_is_refused(tmp_path):
    table = write_table(tmp_path / "0.parquet")
    assert refused_fields(table, "width", "caption") == ["width"]
    samples = [{"alt": None, "tags": None}, {"alt": "a dog", "tags": [1, {}], "later": None}]
    members = [(f"{i}.json", json.dumps(fields).encode()) for i, fields in enumerate(samples)]
    shard = Source(0, "1", str(write_members(tmp_path / "1.tar", members)))
    assert refused_fields(shard, "alt", "later", "tags") == ["tags"]
