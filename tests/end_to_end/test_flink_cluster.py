"""The whole job on a real Flink cluster, once undisturbed and once with its workers killed."""

import os
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from evenpair.scenes.shards import write_demo_shards

from ..support.commands import call, spawn
from ..support.job_servers import JOB_ENDPOINT
from ..support.shards import tree_bytes

OPTIONS = ("--captioner", "demo", "--keep-fraction", "0.8", "--shard-size", "20")
KILL = "EVENPAIR_FLINK_KILL"
"""A command that ends a task manager, such as ``kill -9 4711``; without it, workers are killed."""
WAIT_SECONDS = 600

pytestmark = [
    pytest.mark.flink,
    pytest.mark.slow,
    pytest.mark.timeout(2 * WAIT_SECONDS),
    pytest.mark.skipif(
        JOB_ENDPOINT not in os.environ, reason=f"{JOB_ENDPOINT} is unset: it names a job server"
    ),
]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "shards"
    write_demo_shards(folder, pairs=120, seed=3, shard_size=15)
    return folder


@pytest.fixture(scope="module")
def here(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("here") / "run"
    assert call("run", inputs, "--out", out, *OPTIONS, "--workers", 1).status == 0
    return out


def workers():
    """Return the ids of the worker processes on this machine."""
    lines = {path: path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")}
    return [int(p.parent.name) for p, line in lines.items() if b"evenpair-worker" in line]


def kill_when(condition, killed):
    def watch():
        for _ in range(WAIT_SECONDS * 10):
            if condition():
                break
            time.sleep(0.1)
        if KILL in os.environ:
            subprocess.run(shlex.split(os.environ[KILL]), check=True)
            killed.append(0)
        for pid in workers() if not killed else ():
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def run(inputs, out):
    engine = ("--runner", "flink", "--job-endpoint", os.environ[JOB_ENDPOINT])
    return spawn("run", inputs, "--out", out, *OPTIONS, *engine)


def require_same(run, here):
    for name in ("shards", "scores", "selection", "rejections"):
        assert tree_bytes(run / name) == tree_bytes(here / name)
    accounts = [pq.read_table(root / "accounting.parquet") for root in (run, here)]
    assert accounts[0].equals(accounts[1])
    assert [path for path in run.rglob(".*") if path.name != ".lock"] == []


def test_the_whole_job_writes_the_same_bytes(inputs, here, tmp_path):
    answer = run(inputs, tmp_path / "run")
    assert answer.status == 0, answer.err
    require_same(tmp_path / "run", here)


def test_a_job_that_loses_its_workers_writes_the_same_bytes(inputs, here, tmp_path):
    out = tmp_path / "run"
    killed = []
    thread = kill_when(lambda: list(out.glob("work/parsed/**/*.parquet")), killed)
    answer = run(inputs, out)
    thread.join()
    assert killed != []
    assert answer.status == 0, answer.err
    require_same(out, here)
