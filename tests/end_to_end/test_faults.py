"""Broken sources: the others are done, every lost pair is named, and the message names the file."""

import shutil

import pytest

from evenpair.schemas.tar import read_members

from ..support.commands import call, spawn
from ..support.messages import unnamed
from ..support.shards import (
    MadePair,
    make_jpeg,
    read_shards,
    reasons_of,
    write_members,
    write_source,
)

pytestmark = pytest.mark.slow

LONG_KEY = "folder/" * 10 + "0123456789" * 9
PAIRS = [MadePair(0, "a dog"), MadePair(1, "a red ball"), MadePair(2, "a cat on a rug")]


def cut_in_a_header(archive):
    return list(read_members(archive))[6].offset - 200


def cut_in_a_payload(archive):
    return list(read_members(archive))[6].offset + 100


def cut_between_members(archive):
    return list(read_members(archive))[7].offset - 512


def cut_between_samples(archive):
    return list(read_members(archive))[6].offset - 512


CUTS = {
    "header": (cut_in_a_header, True, True),
    "payload": (cut_in_a_payload, True, True),
    "members": (cut_between_members, True, True),
    "bare_header": (cut_in_a_header, False, False),
    "bare_payload": (cut_in_a_payload, False, False),
    "bare_members": (cut_between_members, False, False),
    "counted": (cut_between_samples, False, True),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """Archives of three pairs that end in the third, each in another way, and a whole one."""
    folder = tmp_path_factory.mktemp("broken")
    for at, (name, (cut, parquet, stats)) in enumerate(CUTS.items()):
        pairs = [MadePair(10 * at + p.number, p.caption) for p in PAIRS]
        path = write_source(folder / f"{name}.tar", pairs, parquet=parquet, stats=stats)
        archive = path.read_bytes()
        path.write_bytes(archive[: cut(archive)])
    write_source(folder / "whole.tar", [MadePair(100, "two boats")])
    (folder / "empty.tar").touch()
    (folder / "page.tar").write_bytes(b"<html>not found</html>" * 99)
    (folder / "folder.tar").mkdir()
    return folder


@pytest.fixture(scope="module")
def answer(broken, tmp_path_factory):
    return spawn("run", broken, "--out", broken.parent / f"{broken.name}-run", "--workers", "1")


@pytest.fixture(scope="module")
def run(broken, answer):
    return broken.parent / f"{broken.name}-run"


def test_each_broken_source_has_a_line_and_the_exit_status_is_1(broken, answer):
    assert answer.status == 1
    lines = answer.err.splitlines()
    faulty = sorted([*CUTS, "empty", "page", "folder"])
    assert [line.split(": ")[1] for line in lines] == [f"{broken}/{name}.tar" for name in faulty]
    assert {line.split(": ")[0] for line in lines} == {"evenpair"}
    message = dict(zip(faulty, lines, strict=True))
    assert unnamed(message["empty"], "byte 0") == unnamed(message["page"], "byte 0") == []
    assert unnamed(message["folder"], "Is a directory") == []


def test_the_other_pairs_are_written(run):
    written = [(s["__key__"], s["txt"].decode()) for s in read_shards(run / "shards")]
    assert sorted(written) == sorted(
        [
            *((f"{name}000{p.number}", p.caption) for name in CUTS for p in PAIRS[:2]),
            ("whole0000", "two boats"),
        ]
    )


def test_lost_pairs_whose_keys_are_known_are_rejected(run):
    lost = {f"{name}:{name}0002" for name, (_, parquet, _) in CUTS.items() if parquet}
    lost |= {"bare_payload:bare_payload0002", "bare_members:bare_members0002"}
    assert reasons_of(run) == dict.fromkeys(lost, "truncated-source")


def test_a_second_run_gives_the_same_messages(broken, answer, run):
    again = call("run", broken, "--out", run, "--workers", "1")
    assert (again.status, again.err) == (1, answer.err)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    good = MadePair(0, "a dog")
    cut = MadePair(1, "a cat", image=good.content[:-80])
    page = MadePair(2, "a page", image=b"<html>gone</html>" * 9)
    empty = MadePair(3, "nothing", image=b"")
    blank = MadePair(4, " \n ")
    null = MadePair(5, None)
    path = write_source(folder / "0.tar", [good, cut, page, empty, blank, null])
    write_source(folder / "4.tar", [MadePair(40, "a key in a folder", key=LONG_KEY)])
    members = [("json.jpg", good.content), ("json.json", b"[]"), ("json.txt", b"no object")]
    write_members(folder / "1.tar", members)
    twice = [("twice.jpg", make_jpeg(30)), ("twice.jpg", make_jpeg(31))]
    first = [("again.jpg", make_jpeg(20)), ("again.txt", b"a dog")]
    later = [("again.jpg", make_jpeg(21)), ("again.txt", b"the same key")]
    write_members(folder / "2.tar", [*first, *twice, *later])
    shutil.copy(path, folder / "3.tar")  # the same pairs, without parquet and statistics
    return folder


def test_a_faulty_pair_is_rejected_and_the_run_succeeds(pairs, tmp_path):
    out = tmp_path / "run"
    answer = call("run", pairs, "--out", out, "--workers", "1")
    assert (answer.status, answer.err) == (0, "")
    rejected = {
        "0:00002": "undecodable-image",
        "0:00003": "undecodable-image",
        "0:00004": "no-caption",
        "0:00005": "no-caption",
        "1:json": "unreadable-sample",
        "2:twice": "unreadable-sample",
        "2:again": "duplicate-key",
        **{f"3:0000{at}": "duplicate-uid" for at in range(6)},
    }
    assert reasons_of(out) == rejected
    samples = {s["__key__"]: s["jpg"] for s in read_shards(out / "shards")}
    assert sorted(samples) == ["0000000000", "0000000001", "00002again", f"00004{LONG_KEY}"]
    assert samples["00002again"] == make_jpeg(20)

    assert call("write", out, "--workers", "1", "--check-images", "--overwrite").status == 0
    assert reasons_of(out) == rejected | {"0:00001": "undecodable-image"}
    left = sorted(s["__key__"] for s in read_shards(out / "shards"))
    assert left == ["0000000000", "00002again", f"00004{LONG_KEY}"]
