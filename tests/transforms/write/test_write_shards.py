"""Chosen pairs become shards: whole or absent, and with every pair counted."""

import json
import os
import shutil
import tarfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.runs.accounting import account, shard_tallies
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.shard_tables import ADDED, shard_tally
from evenpair.schemas.source import Source
from evenpair.storage import files, parquet
from evenpair.transforms.select.plan_shards import load_plan
from evenpair.transforms.write import write_shards
from evenpair.transforms.write.write_shards import ShardFormat, is_written, write_shard

from ...support.commands import call
from ...support.odd_sources import ODD_JSON, make_selected_run
from ...support.shards import (
    make_jpeg,
    read_shards,
    read_tar,
    reasons_of,
    tree_bytes,
    write_members,
)


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    return make_selected_run(tmp_path_factory.mktemp("write"))


@pytest.fixture
def run(selected, tmp_path):
    return RunDirectory(str(shutil.copytree(selected, tmp_path / "run")))


def sources_of(run):
    return [Source(**row) for row in parquet.read_table(run.sources).to_pylist()]


def write_all(run, **form):
    plan = load_plan(sources_of(run), run.plan)
    for planned in plan:
        write_shard(planned, run, ShardFormat(**form))
    return plan


def shard_files(run):
    return tree_bytes(run_path(run) / "shards")


def run_path(run):
    return Path(run.root)


def test_samples_keep_the_members_of_their_sources(run):
    write_all(run)
    samples = {s["__key__"]: s for s in read_shards(run_path(run) / "shards")}
    assert list(samples) == [
        "00000", "00001", "00002", "odd/b", "odd/a", "t0", "t2",
    ]  # fmt: skip
    plain = {
        key: {n: v for n, v in s.items() if n != "json" and not n.startswith("__")}
        for key, s in samples.items()
    }
    assert plain["00001"] == {"jpg": make_jpeg(1), "txt": b"a dog on 1 boats"}
    assert plain["odd/b"] == {"png": make_jpeg(21), "seg.npy": b"a mask", "txt": b"a boat"}
    assert plain["odd/a"] == {"webp": make_jpeg(22), "txt": "two dogs 🐶".encode()}
    assert plain["t0"] == {"jpg": make_jpeg(31), "txt": b"a red car"}
    assert plain["t2"] == {"png": make_jpeg(32), "txt": b"a car on a road"}
    fields = {key: set(s["json"]) for key, s in samples.items()}
    always = {"caption", *ADDED} - {"caption_generated", "imbalance_before"}
    assert {key for key, names in fields.items() if not names >= always} == set()
    added = [s["json"].get(name, "") for s in samples.values() for name in always]
    assert None not in added
    assert all(s["json"]["caption"] == s["txt"].decode() for s in samples.values())
    assert samples["t2"]["json"]["score"] == 2.0


def test_the_text_of_the_json_is_kept(run):
    write_all(run)
    members = read_tar(run_path(run) / "shards" / "00000.tar")
    kept = ODD_JSON.decode().strip("{}").split(", ")[:-1]
    assert members["odd/a.json"].decode().startswith("{\n    " + ",\n    ".join(kept) + ",\n")
    fields = json.loads(members["odd/a.json"])
    assert (fields["caption"], fields["caption_raw"]) == ("two dogs 🐶", "two dogs 🐶")
    assert fields["caption_other"] == "no"


def test_a_second_pass_keeps_the_first_raw_caption(tmp_path):
    fields = {"caption": "a red boat", "caption_raw": "boat", "imbalance_after": 0.5}
    members = [("0.txt", b"a red boat"), ("0.jpg", make_jpeg(1))]
    write_members(tmp_path / "0.tar", [*members, ("0.json", json.dumps(fields).encode())])
    out = tmp_path / "second"
    answer = call("run", tmp_path / "0.tar", "--out", out, "--workers", "1")
    assert (answer.status, answer.err) == (0, "")
    [sample] = read_shards(out / "shards")
    assert (sample["json"]["caption"], sample["json"]["caption_raw"]) == ("a red boat", "boat")
    assert sample["json"]["imbalance_after"] != 0.5
    [row] = pq.read_table(out / "shards/00000.parquet").to_pylist()
    assert row["caption_raw"] == "boat"


def test_headers_have_no_time_and_no_user(run):
    write_all(run)
    with tarfile.open(run_path(run) / "shards" / "00000.tar") as archive:
        headers = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.isreg()) for m in archive}
    assert headers == {(0, 0, 0, "bigdata", "bigdata", 0o444, True)}


def accounts_of(run):
    sources = sources_of(run)
    return account(run, sources, shard_tallies(run, sources))


def test_written_and_rejected_pairs_and_members_are_counted(run):
    write_all(run)
    path = run_path(run)
    tallies = [
        shard_tally(pq.read_schema(path / "shards" / f"0000{number}.parquet"))
        for number in range(2)
    ]
    assert [dict(tally.written) for tally in tallies] == [{"0": 3, "1": 2}, {"2": 2}]
    assert dict(tallies[0].left_out) == {"pyd": 1, "x.pickle": 1}
    assert [t.archive_bytes for t in tallies] == [
        (path / "shards" / f"0000{number}.tar").stat().st_size for number in range(2)
    ]
    assert reasons_of(path) == {"1:page": "undecodable-image"}
    accounts = accounts_of(run)
    assert {name: (a.tally.pairs_read, a.written) for name, a in accounts.items()} == {
        "0": (3, 3), "1": (3, 2), "2": (2, 2),
    }  # fmt: skip
    assert [one.error() for one in accounts.values()] == [None, None, None]


def test_tables_of_images_hold_the_same_pairs(run):
    write_all(run)
    archives = {s["__key__"]: s for s in read_shards(run_path(run) / "shards")}
    shutil.rmtree(run.shards)
    write_all(run, layout="parquet")
    assert sorted(shard_files(run)) == [
        "00000.parquet", "00000_stats.json", "00001.parquet", "00001_stats.json",
    ]  # fmt: skip
    tables = [pq.read_table(path) for path in sorted(run_path(run).glob("shards/*.parquet"))]
    rows = {row["key"]: row for table in tables for row in table.to_pylist()}
    assert list(rows) == list(archives)
    assert tables[0].column_names[-3:] == ["jpg", "png", "webp"]
    for key, sample in archives.items():
        images = {n: rows[key][n] for n in ("jpg", "png", "webp") if rows[key].get(n)}
        assert images == {n: sample[n] for n in ("jpg", "png", "webp") if n in sample}
        assert rows[key]["caption"] == sample["txt"].decode()
        assert {n: rows[key][n] for n in ADDED} == {n: sample["json"].get(n) for n in ADDED}
    assert {row["status"] for row in rows.values()} == {"success"}
    plan = load_plan(sources_of(run), run.plan)
    assert [is_written(shard, run, ShardFormat("parquet")) for shard in plan] == [True, True]
    assert accounts_of(run)["2"].written == 2


def test_attempts_at_the_same_time_write_the_same_bytes(run, tmp_path):
    write_all(run)
    once = shard_files(run)
    shutil.rmtree(run.shards)
    threads = [threading.Thread(target=write_all, args=(run,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shard_files(run) == once


def cut(path):
    path.write_bytes(path.read_bytes()[:-10240])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("00001_stats.json", os.unlink), ("00001.tar", os.unlink), ("00001.parquet", os.unlink),
        ("00001.tar", cut), ("00001.parquet", lambda path: path.write_bytes(b"PAR1")),
    ],
)  # fmt: skip
def test_a_shard_with_a_missing_or_damaged_file_is_not_written(run, name, damage):
    plan = write_all(run)
    assert [is_written(shard, run, ShardFormat()) for shard in plan] == [True, True]
    damage(run_path(run) / "shards" / name)
    assert [is_written(shard, run, ShardFormat()) for shard in plan] == [True, False]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", range(4))
def test_a_killed_attempt_leaves_no_statistics(run, monkeypatch, step):
    steps = []

    @contextmanager
    def write_until(path):
        steps.append(path)
        if len(steps) > step:
            raise Killed
        with real(path) as file:
            yield file

    real = files.write_whole
    monkeypatch.setattr(files, "write_whole", write_until)
    with pytest.raises(Killed):
        write_all(run)
    assert [name for name in shard_files(run) if name.endswith("_stats.json")] == []


def test_an_attempt_killed_inside_the_archive_leaves_no_file(run, monkeypatch):
    def die(*_arguments):
        raise Killed

    monkeypatch.setattr(write_shards.TarSink, "finish", die)
    with pytest.raises(Killed):
        write_all(run)
    assert shard_files(run) == {}
