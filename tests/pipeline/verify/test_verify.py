"""Problems of whole folders: damaged archives, counts that differ, keys that shards share."""

import gzip
import shutil

import pyarrow.parquet as pq
import pytest

from evenpair.schemas.finding import Problem
from evenpair.schemas.tar import read_members

from ...support.messages import numbers_in, unnamed
from ...support.shards import make_jpeg, write_members
from ...support.verified import findings, make_whole_shards, problems

GOOD = [("1.jpg", make_jpeg(2)), ("1.txt", b"a dog"), ("1.json", b"{}")]


@pytest.fixture
def folder(tmp_path):
    return make_whole_shards(tmp_path)


@pytest.mark.parametrize("no_decode", [False, True])
def test_whole_shards_have_no_findings(folder, no_decode):
    assert findings(folder, no_decode=no_decode, loader_workers=2) == []


@pytest.mark.parametrize("where", ["header", "payload", "end"])
def test_a_truncated_archive_is_found(folder, where):
    path = folder / "00001.tar"
    content = path.read_bytes()
    *_, member, _json, text = read_members(content)
    cut = {"header": member.offset - 300, "payload": member.offset + 9, "end": text.offset + 512}
    path.write_bytes(content[: cut[where]])
    assert [f for f in problems(folder) if f[2] == "truncated"] == [
        ("00001.tar", "000010003" if where == "payload" else "", "truncated")
    ]


def test_unreadable_archives_are_found(folder):
    (folder / "00002.tar").mkdir()
    (folder / "00003.tar").write_bytes(b"<html>" * 999)
    (folder / "00004.tar").write_bytes(gzip.compress((folder / "00001.tar").read_bytes()))
    found = [(f.shard, f.problem.value) for f in findings(folder) if f.shard > "00002"]
    assert ("00002.tar", "unreadable") in found
    assert ("00003.tar", "truncated") in found
    assert ("00004.tar", "unreadable") in found


def test_counts_are_compared(folder):
    (folder / "00000_stats.json").write_text('{"successes": 5}')
    (folder / "00001_stats.json").write_text("{")
    table = pq.read_table(folder / "00001.parquet")
    pq.write_table(table.slice(1), folder / "00001.parquet")
    (folder / "sizes.json").write_text('{"00000.tar": 4, "00002.tar": 1, "00001.tar": 3}')
    found = findings(folder)
    assert {finding.problem for finding in found} == {Problem.COUNTS_DIFFER}
    statistics, unreadable, table, sizes, missing = (finding.detail for finding in found)
    assert (numbers_in(statistics), numbers_in(table), numbers_in(sizes)) == (
        [5, 4],
        [3, 4],
        [3, 4],
    )
    assert unnamed(unreadable, "statistics", "JSONDecodeError") == []
    assert unnamed(sizes, "sizes.json") == unnamed(missing, "sizes.json", "00002.tar") == []


def test_a_shard_that_sizes_do_not_list_is_found(folder):
    (folder / "sizes.json").write_text('{"00000.tar": 4}')
    assert problems(folder) == [("00001.tar", "", "counts-differ")]
    (folder / "sizes.json").write_text("[]")
    assert problems(folder) == [("sizes.json", "", "bad-json")]


def test_an_unfinished_shard_is_found(folder):
    (folder / "00001_stats.json").unlink()
    assert problems(folder) == [("00001.tar", "", "unfinished")]
    (folder / "00000_stats.json").unlink()
    assert problems(folder) == []


def test_json_files_that_stop_img2dataset_from_resuming_are_found(folder):
    for name in ("notes.json", "00009_notes.json", "x_stats.json"):
        (folder / name).write_text("{}")
    assert problems(folder) == [
        ("notes.json", "", "stray-json"),
        ("x_stats.json", "", "stray-json"),
    ]


def test_keys_that_two_shards_share_are_found(tmp_path):
    for shard, keys in enumerate(["09", "58", "30", "7x"]):
        members = [
            (f"{key}.{field}", content)
            for key in keys
            for field, content in [("jpg", make_jpeg(ord(key) + shard)), ("txt", b"a")]
        ]
        write_members(tmp_path / f"{shard}.tar", members)
    [finding] = findings(tmp_path)
    assert (finding.shard, finding.key, finding.problem) == ("2.tar", "0", Problem.DUPLICATE_KEY)
    assert "0.tar" in finding.detail
    shutil.copy(tmp_path / "1.tar", tmp_path / "4.tar")
    copied = findings(tmp_path)[1:]
    assert [(finding.shard, finding.key) for finding in copied] == [("4.tar", "5"), ("4.tar", "8")]
    assert ["1.tar" in finding.detail for finding in copied] == [True, True]


def test_fewer_shards_than_loader_workers_are_found(folder):
    assert problems(folder, loader_workers=3) == [("-", "", "few-shards")]


def test_a_shard_without_samples_does_not_count_for_loader_workers(tmp_path):
    for shard in range(2):
        write_members(tmp_path / f"{shard}.tar", GOOD * shard)
    assert findings(tmp_path, loader_workers=1) == []
    assert problems(tmp_path, loader_workers=2) == [("-", "", "few-shards")]


def test_an_image_that_kills_its_process_is_named(folder):
    assert problems(folder, deadly="000010002") == [("00001.tar", "000010002", "undecodable-image")]
