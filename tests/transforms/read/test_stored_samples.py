"""Samples of a source by key, the same from an archive and from a table."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.source import Source
from evenpair.transforms.read import payload
from evenpair.transforms.read.payload import Stretch
from evenpair.transforms.read.stored_samples import DamagedSourceError, read_stored

from ...support.messages import raises_naming
from ...support.shards import make_jpeg, write_members

MEMBERS = [
    ("1.txt", b"a dog"), ("1.jpg", make_jpeg(1)), ("1.json", b'{"a": 1}'),
    ("2.png", make_jpeg(2)), ("2.seg.npy", b"mask"),
    ("1.jpg", b"the key of another"),
    ("3.webp", make_jpeg(3)), ("3.txt", b"a boat"),
]  # fmt: skip


def read(path, wanted):
    samples = read_stored(Source(0, "s", str(path)), wanted)
    return [(s.key, {n: bytes(p) for n, p in s.members.items()}) for s in samples]


@pytest.fixture
def archive(tmp_path):
    return write_members(tmp_path / "s.tar", MEMBERS)


def test_samples_are_read_in_order_with_all_their_members(archive):
    first, second, third = (
        ("1", {"txt": b"a dog", "jpg": make_jpeg(1), "json": b'{"a": 1}'}),
        ("2", {"png": make_jpeg(2), "seg.npy": b"mask"}),
        ("3", {"webp": make_jpeg(3), "txt": b"a boat"}),
    )
    assert read(archive, {"3", "2", "1"}) == [first, second, third]
    assert read(archive, {"3", "9"}) == [third]


def test_wanted_keys_can_be_removed_while_samples_are_read(archive):
    wanted = {"1", "2", "3"}
    keys = []
    for sample in read_stored(Source(0, "s", str(archive)), wanted):
        wanted.discard(sample.key)
        keys.append(sample.key)
    assert keys == ["1", "2", "3"]


def test_samples_before_the_damage_are_read(archive):
    archive.write_bytes(archive.read_bytes()[: 512 * 10])
    samples = read_stored(Source(0, "s", str(archive)), {"1", "2", "3"})
    assert next(samples).key == "1"
    with raises_naming(DamagedSourceError, archive, 512 * 10):
        list(samples)  # the second may lack what the first has: text and JSON


def test_a_very_large_member_is_read_in_pieces(archive, monkeypatch):
    monkeypatch.setattr(payload, "MOST_BYTES", 100)
    sample = next(samples := read_stored(Source(0, "s", str(archive)), {"1"}))
    assert isinstance(sample.image, Stretch)
    assert b"".join(sample.image.blocks()) == make_jpeg(1)
    assert bytes(sample.members["txt"]) == b"a dog"
    samples.close()


ROWS = {
    "key": ["1", "2", "3", "1", "5"],
    "caption": ["a dog", None, "a boat", "again", "a cat"],
    "status": ["success", "failed_to_download", "success", "success", "success"],
    "score": [0.5, float("nan"), None, 1.0, 2.0],
    "png": [None, None, None, None, make_jpeg(5)],
    "jpg": [make_jpeg(1), None, make_jpeg(3), make_jpeg(4), None],
}


@pytest.fixture
def table(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "s.parquet", row_group_size=2)
    return tmp_path / "s.parquet"


def test_rows_of_a_table_are_samples(table):
    samples = read(table, {"1", "5"})
    fields = [json.loads(members["json"]) for _, members in samples]
    assert [(key, sorted(members)) for key, members in samples] == [
        ("1", ["jpg", "json"]),
        ("5", ["json", "png"]),
    ]
    assert samples[0][1]["jpg"] == make_jpeg(1)
    assert samples[1][1]["png"] == make_jpeg(5)
    assert fields == [
        {"key": "1", "caption": "a dog", "status": "success", "score": 0.5},
        {"key": "5", "caption": "a cat", "status": "success", "score": 2.0},
    ]


def test_nan_becomes_null_in_the_json(table):
    [(_, members)] = read(table, {"2"})
    assert json.loads(members["json"], parse_constant=pytest.fail)["score"] is None


def test_rows_without_keys_get_their_numbers(table):
    rows = {name: values for name, values in ROWS.items() if name != "key"}
    pq.write_table(pa.table(rows), table, row_group_size=2)
    [(_, members)] = read(table, {"000000004"})
    assert members["png"] == make_jpeg(5)


@pytest.mark.parametrize(
    ("name", "content"), [("gone.tar", None), ("x.parquet", b"PAR1 and no more")]
)
def test_a_source_that_can_no_longer_be_read_is_named(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with raises_naming(EvenpairError, path):
        read(path, {"1"})
