"""Samples with hundreds of own fields each: read in one pass, and no field is lost."""

import json

import pyarrow.parquet as pq
import pytest

from evenpair.schemas.other_fields import MOST_FIELDS, OTHER_FIELDS
from evenpair.schemas.source import Source
from evenpair.transforms.read.read_captions import read_captions

from ..support.commands import call
from ..support.messages import assert_refused
from ..support.shards import MadePair, read_shards, reasons_of, write_members, write_source

ONE = ("--workers", "1")
WIDTH = 300
IN_ALL = {"punsafe": 0.25, "exif": "{}"}


def own_fields(number):
    """Return fields that no other sample has."""
    return {f"f{number}_{at}": [number, {"at": at}] if at % 9 == 0 else at for at in range(WIDTH)}


def kept_pairs(run):
    """Return the numbers of the pairs that a selection keeps."""
    tables = [pq.read_table(run / "selection" / f"{shard}.parquet") for shard in range(2)]
    actions = [action for table in tables for action in table["action"].to_pylist()]
    return [at for at, action in enumerate(actions) if action == "keep"]


@pytest.fixture(scope="module")
def pairs():
    return [
        MadePair(n, f"a dog on rug {n}", extra={**own_fields(n), **IN_ALL, "odd": n % 2})
        for n in range(12)
    ]


@pytest.fixture(scope="module")
def run(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    for shard in range(2):
        write_source(folder / "in" / f"{shard}.tar", pairs[6 * shard :][:6], parquet=False)
    out = folder / "run"
    assert call("run", folder / "in", "--out", out, *ONE).status == 0
    return out


def test_thousands_of_samples_with_hundreds_of_different_fields(tmp_path):
    samples = range(3000)
    members = [
        member
        for n in samples
        for member in (
            (f"{n:05d}.jpg", b"x"),
            (f"{n:05d}.json", json.dumps({f"f{n}_{at}": at for at in range(WIDTH)}).encode()),
            (f"{n:05d}.txt", b"a dog"),
        )
    ]
    path = write_members(tmp_path / "wide.tar", members)
    table = read_captions(Source(0, "wide", str(path))).table
    assert table.num_rows == len(samples)
    assert table.num_columns < MOST_FIELDS + 20
    last = json.loads(table[OTHER_FIELDS][-1].as_py())
    assert last == {f"f2999_{at}": at for at in range(WIDTH)}


def test_the_most_frequent_fields_are_columns_and_the_others_json_by_name(run, pairs):
    table = pq.read_table(run / "scores" / "0.parquet")
    assert {*IN_ALL, "odd"} <= {*table.column_names}
    assert table.num_columns < MOST_FIELDS + 40
    for row, pair in zip(table.to_pylist(), pairs, strict=False):
        rest = json.loads(row[OTHER_FIELDS]) if row[OTHER_FIELDS] else {}
        own = {name: rest.get(name, row.get(name)) for name in own_fields(pair.number)}
        plain = {n: json.loads(v) if isinstance(v, str) else v for n, v in own.items()}
        assert plain == own_fields(pair.number)


def test_every_field_is_in_the_json_of_the_written_sample(run, pairs):
    samples = read_shards(run / "shards")
    fields = [{n: s["json"][n] for n in p.extra} for s, p in zip(samples, pairs, strict=True)]
    assert fields == [pair.extra for pair in pairs]
    written = pq.read_table(run / "shards" / "00000.parquet")
    assert written.num_columns < MOST_FIELDS + 40
    row = written.to_pylist()[-1]
    rest = json.loads(row[OTHER_FIELDS])
    assert {f"f11_{at}" for at in range(WIDTH)} <= {*rest, *(n for n in row if row[n] is not None)}


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("f11_299 = 299", [11]),
        ("f0_1 = 1 or f5_298 = 298 or f6_1 = 1", [0, 5, 6]),
        ("odd = 1 and f11_298 is null", [1, 3, 5, 7, 9]),
    ],
)
def test_every_field_can_be_named_in_a_condition(run, where, kept):
    assert call("select", run, "--overwrite", "--where", where, *ONE).status == 0
    assert kept_pairs(run) == kept


def test_a_field_inside_the_json_can_rank(run):
    options = ["--rank-by", "f11_299", "--keep-fraction", "0.05"]
    assert call("select", run, "--overwrite", *options, *ONE).status == 0
    assert kept_pairs(run) == [11]


def test_a_field_in_another_case_inside_the_json(run):
    assert_refused(call("select", run, "--where", "F11_299 = 299", *ONE), "'F11_299'")


def test_shards_with_such_fields_can_be_read_again(run, tmp_path):
    out = tmp_path / "again"
    assert call("run", run / "shards", "--out", out, *ONE).status == 0
    assert reasons_of(out) == {}
    table = pq.read_table(out / "scores" / "00000.parquet")
    assert f"source_{OTHER_FIELDS}" not in table.column_names
    assert "f11_299" in table[OTHER_FIELDS][-1].as_py()
