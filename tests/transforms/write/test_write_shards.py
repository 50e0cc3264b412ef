"""Chosen pairs become shards: whole or absent, the same bytes each time, every count kept."""

import io
import json
import os
import resource
import shutil
import signal
import tarfile
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.runs.accounting import account
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.shard_tables import ADDED, shard_tally
from evenpair.schemas.source import Source
from evenpair.storage import files
from evenpair.transforms.select.plan_shards import load_plan
from evenpair.transforms.write import write_shards
from evenpair.transforms.write.image_spool import ImageSpool
from evenpair.transforms.write.write_shards import ShardFormat, is_written, write_shard

from ...support.commands import call
from ...support.shards import (
    MadePair,
    make_jpeg,
    read_shards,
    read_tar,
    reasons_of,
    tree_bytes,
    write_members,
    write_source,
)

ODD_JSON = rb'{"score": 1.50, "big": 12345678901234567890, "e": "\u00e9\/", "caption": "no"}'
ODD = [
    ("odd/b.txt", b"a boat"), ("odd/b.png", make_jpeg(21)), ("odd/b.seg.npy", b"a mask"),
    ("odd/a.json", ODD_JSON), ("odd/a.webp", make_jpeg(22)), ("odd/a.pyd", b"cos\nsystem\n"),
    ("odd/a.txt", b"two dogs \xf0\x9f\x90\xb6"), ("odd/a.x.pickle", b"pickled"),
    ("page.jpg", b"<html>" * 99), ("page.txt", b"an error page"),
]  # fmt: skip
ROWS = {
    "key": ["t0", "t1", "t2"],
    "caption": ["a red car", "gone", "a car on a road"],
    "url": ["u0", "u1", "u2"],
    "status": ["success", "failed_to_download", "success"],
    "score": [0.5, None, 2.0],
    "jpg": [make_jpeg(31), None, None],
    "png": [None, None, make_jpeg(32)],
}


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    """A run of sources of all kinds, ready to be written."""
    folder = tmp_path_factory.mktemp("write")
    write_source(folder / "0.tar", [MadePair(at, f"a dog on {at} boats") for at in range(3)])
    write_members(folder / "1.tar", ODD)
    pq.write_table(pa.table(ROWS), folder / "2.parquet")
    sources = [folder / name for name in ("0.tar", "1.tar", "2.parquet")]
    out = folder / "run"
    options = ("--statistics", "prior", "--workers", "1")
    assert call("score", *sources, "--out", out, *options).status == 0
    assert call("select", out, "--shard-size", "6", "--workers", "1").status == 0
    return out


@pytest.fixture
def run(selected, tmp_path):
    return RunDirectory(str(shutil.copytree(selected, tmp_path / "run")))


def sources_of(run):
    return [Source(**row) for row in files.read_table(run.sources).to_pylist()]


def write_all(run, **form):
    plan = load_plan(sources_of(run), run.plan)
    for planned in plan:
        write_shard(planned, run, ShardFormat(**form))
    return plan


def shard_files(run):
    return tree_bytes(run_path(run) / "shards")


def run_path(run):
    return Path(run.root)


def test_samples_are_those_of_their_sources(run):
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
    said = {key: set(s["json"]) for key, s in samples.items()}
    assert {key for key, names in said.items() if not names >= {*ADDED}} == set()
    assert samples["t2"]["json"]["score"] == 2.0


def test_json_is_kept_to_the_letter(run):
    write_all(run)
    members = read_tar(run_path(run) / "shards" / "00000.tar")
    kept = ODD_JSON.decode().strip("{}")
    assert members["odd/a.json"].decode().startswith("{\n    " + kept + ',\n    "uid": "')
    assert json.loads(members["odd/a.json"])["caption_raw"] == "two dogs 🐶"


def test_headers_say_nothing_of_when_and_by_whom(run):
    write_all(run)
    with tarfile.open(run_path(run) / "shards" / "00000.tar") as archive:
        said = {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode, m.isreg()) for m in archive}
    assert said == {(0, 0, 0, "bigdata", "bigdata", 0o444, True)}


def test_every_count_is_kept(run):
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
    accounts = account(run, sources_of(run))
    assert {name: (a.tally.pairs_read, a.written) for name, a in accounts.items()} == {
        "0": (3, 3), "1": (3, 2), "2": (2, 2),
    }  # fmt: skip
    assert [found.error() for found in accounts.values()] == [None, None, None]


def test_tables_hold_the_same_pairs(run):
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
        assert {n: rows[key][n] for n in ADDED} == {n: sample["json"][n] for n in ADDED}
    assert {row["status"] for row in rows.values()} == {"success"}
    plan = load_plan(sources_of(run), run.plan)
    assert [is_written(shard, run, ShardFormat("parquet")) for shard in plan] == [True, True]
    assert account(run, sources_of(run))["2"].written == 2


def test_two_attempts_at_a_time_end_whole_and_the_same(run, tmp_path):
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
def test_a_shard_that_lost_anything_is_not_done(run, name, damage):
    plan = write_all(run)
    assert [is_written(shard, run, ShardFormat()) for shard in plan] == [True, True]
    damage(run_path(run) / "shards" / name)
    assert [is_written(shard, run, ShardFormat()) for shard in plan] == [True, False]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", range(4))
def test_a_kill_at_any_step_leaves_no_statistics(run, monkeypatch, step):
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


def test_a_kill_inside_the_archive_leaves_none(run, monkeypatch):
    def die(*_arguments):
        raise Killed

    monkeypatch.setattr(write_shards.TarSink, "finish", die)
    with pytest.raises(Killed):
        write_all(run)
    assert shard_files(run) == {}


class TestCommand:
    """What a user is told when the world fails."""

    def write(self, run):
        return call("write", run.root, "--workers", "1")

    def test_the_counts_are_in_the_table(self, run):
        answer = self.write(run)
        assert (answer.status, answer.err) == (0, "")
        assert [line for line in answer.out.splitlines() if line.startswith("  ")] == [
            "  1 rejected: undecodable-image",
            "  1 members left out, for to read a pickle is to run it: pyd",
            "  1 members left out, for to read a pickle is to run it: x.pickle",
        ]
        rows = pq.read_table(run_path(run) / "accounting.parquet").to_pylist()
        names = ("shard", "pairs_read", "pairs_written", "rejected")
        assert [tuple(row[name] for name in names) for row in rows] == [
            ("0", 3, 3, []),
            ("1", 3, 2, [("undecodable-image", 1)]),
            ("2", 2, 2, []),
        ]
        assert json.loads((run_path(run) / "shards" / "sizes.json").read_text()) == {
            "00000.tar": 5,
            "00001.tar": 2,
        }

    def test_a_source_that_is_gone_is_named_and_the_rest_is_done(self, run, selected):
        source = selected.parent / "2.parquet"
        moved = source.rename(source.with_suffix(".moved"))
        try:
            answer = self.write(run)
            assert answer.status == 1
            said = f"shard 00001 is not written: {source}: No such file or directory"
            assert answer.err == f"evenpair: {said}\n"
            assert sorted(shard_files(run)) == ["00000.parquet", "00000.tar", "00000_stats.json"]
        finally:
            moved.rename(source)
        assert self.write(run).status == 0
        assert len(shard_files(run)) == 7

    def test_a_full_disk_is_one_line_and_nothing_half_written(self, run):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, limits[1]))
        try:
            answer = self.write(run)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert answer.status == 1
        assert answer.err == f"evenpair: File too large: '{run.shards}/00000.tar'\n"
        assert [name for name in shard_files(run) if "00000" in name] == []
        assert self.write(run).status == 0
        assert len(shard_files(run)) == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is full")
def test_a_full_disk_for_temporary_files_is_named(monkeypatch):
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full.open("w+b", buffering=0))
    monkeypatch.setattr(tempfile, "tempdir", "/scratch")
    with pytest.raises(OSError, match="No space left on device: '/scratch'"), ImageSpool() as spool:
        spool.add("jpg", b"x")


def test_what_a_spool_is_given_it_counts():
    with ImageSpool() as spool, pytest.raises(ValueError, match="0 images for 1 rows"):
        spool.write_table(pa.table({"key": ["1"]}), io.BytesIO())
