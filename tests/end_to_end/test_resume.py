"""A killed run is resumed, and ends with the bytes of one that was not disturbed."""

import json
import shutil
import subprocess
import time

import pytest

from ..support.commands import COMMAND, call
from ..support.messages import assert_refused
from ..support.shards import MadePair, tree_bytes, write_source

pytestmark = pytest.mark.slow

CAPTIONS = ("a dog", "a red ball on a wooden table", "two cats", "a man rides a brown horse")
ONE = ("--workers", "1")
OPTIONS = ("--keep-fraction", "0.8", "--shard-size", "4", *ONE)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    for shard in range(4):
        pairs = [
            MadePair(4 * shard + at, f"{caption} {shard}") for at, caption in enumerate(CAPTIONS)
        ]
        write_source(folder / f"{shard}.tar", pairs)
    return folder


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "run"
    assert call("run", inputs, "--out", out, *OPTIONS).status == 0
    return out


@pytest.fixture
def copied(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def results(run):
    """Return the files that have to be equal however a run was made: all but record and lock."""
    return {n: b for n, b in tree_bytes(run).items() if n not in ("run.json", ".lock")}


def run_until(arguments, reached):
    """Run the command until ``reached`` returns true, then kill it."""
    command = [str(COMMAND), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not reached():
        time.sleep(0.002)
    process.kill()
    return process.wait()


def test_a_run_that_is_killed_in_every_phase_ends_with_the_same_bytes(inputs, finished, tmp_path):
    out = tmp_path / "run"
    command = ["run", inputs, "--out", out, *OPTIONS]
    milestones = [
        out / "work" / "parsed" / "1.parquet",
        out / "work" / "judged" / "1.parquet",
        out / "shards" / "00001.tar",
    ]
    ends = [run_until(command, milestone.exists) for milestone in milestones]
    assert ends == [-9] * 3
    assert not (out / "report.html").exists()
    answer = call(*command)
    assert (answer.status, answer.err) == (0, "")
    assert results(out) == results(finished)


def test_a_shard_without_its_statistics_is_written_again(inputs, finished, copied):
    record = json.loads((copied / "run.json").read_text())
    record["phases"]["write"]["done"] = False
    record["shards_finished"] = False
    (copied / "run.json").write_text(json.dumps(record))
    (copied / "shards" / "00001_stats.json").unlink()
    (copied / "shards" / "00001.tar").write_bytes(b"cut")
    (copied / "shards" / ".00001.tar.tmp-0123").write_bytes(b"left by a killed attempt")
    whole = (copied / "shards" / "00000.tar").stat().st_mtime_ns
    assert call("run", inputs, "--out", copied, *OPTIONS).status == 0
    assert results(copied) == results(finished)
    assert (copied / "shards" / "00000.tar").stat().st_mtime_ns == whole


def test_with_the_shipped_statistics_scores_do_not_depend_on_the_corpus(inputs, tmp_path):
    options = (*ONE, "--statistics", "prior")
    assert call("score", inputs, "--out", tmp_path / "all", *options).status == 0
    assert call("score", inputs / "2.tar", "--out", tmp_path / "one", *options).status == 0
    one, everything = tree_bytes(tmp_path / "one"), tree_bytes(tmp_path / "all")
    assert one["statistics.parquet"] == everything["statistics.parquet"]
    assert one["scores/2.parquet"] == everything["scores/2.parquet"]


def test_a_killed_overwrite_can_be_overwritten(inputs, finished, copied):
    (copied / "run.json").unlink()
    (copied / "sources.parquet").unlink()
    assert_refused(call("run", inputs, "--out", copied, *OPTIONS), copied)
    assert call("run", inputs, "--out", copied, *OPTIONS, "--overwrite").status == 0
    assert results(copied) == results(finished)
