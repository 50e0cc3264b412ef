"""Answers that a service was paid for: no signal and no error loses one."""

import os
import shutil
import signal
import subprocess
import time

import pyarrow as pa
import pytest

from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.enrich.keep_answers import AnswerStore

from ..support.commands import COMMAND, call
from ..support.services import serve
from ..support.shards import MadePair, make_jpeg, write_source

pytestmark = pytest.mark.slow

STUCK, PAIRS, DONE = 9, 40, 12
"""The width of the images that the service never answers, and the numbers of pairs."""


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A run of two shards; in the first one, only the first pairs are answered."""
    folder = tmp_path_factory.mktemp("scored")
    for shard in range(2):
        pairs = [MadePair(100 * shard + n, "a dog", image=image(n)) for n in range(PAIRS)]
        write_source(folder / "in" / f"{shard}.tar", pairs)
    options = ("--statistics", "prior", "--enrich-below", "1", "--workers", "1")
    assert call("score", folder / "in", "--out", folder / "run", *options).status == 0
    return folder / "run"


def image(number):
    return make_jpeg(number, (8 if number < DONE else STUCK, 8))


@pytest.fixture
def run(scored, tmp_path):
    return shutil.copytree(scored, tmp_path / "run")


def enriching(run, service, workers):
    options = ["--captioner", "m", "--endpoint", service.url, "--workers", str(workers)]
    command = [str(COMMAND), "enrich", str(run), *options, "--concurrency", "4"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def kept(run):
    """How many answers the run keeps."""
    tables = [AnswerStore(RunDirectory(str(run)), name).load() for name in "01"]
    return pa.concat_tables(tables).num_rows


def wait_for_requests(service, process):
    """Wait until the service has replied to some requests, and does not reply to the next ones."""
    while len(service.asked) < DONE + 4:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGHUP, 1)],
)
def test_a_signal_loses_none(number, workers, run):
    with serve(by_width={STUCK: "stay"}) as service:
        process = enriching(run, service, workers)
        wait_for_requests(service, process)
        process.send_signal(number)
        message = process.communicate(timeout=60)[1]
    assert kept(run) == DONE
    assert process.returncode == 128 + number
    assert len(message.split("\n")) == 3  # click ends the line of ^C first


def test_answers_are_kept_before_the_end(run):
    with serve(by_width={STUCK: "stay"}) as service:
        process = enriching(run, service, 1)
        wait_for_requests(service, process)
        while kept(run) < DONE:
            time.sleep(0.1)
        process.kill()
        process.communicate()
    assert kept(run) == DONE


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_refusal_loses_none(workers, run):
    options = ("--workers", workers, "--concurrency", "1")
    with serve(plans=[None] * 5 + [(403, b"", {})]) as service:
        answer = call("enrich", run, "--captioner", "m", "--endpoint", service.url, *options)
    assert (answer.status, len(service.asked)) == (1, 6)
    assert kept(run) == 5


def test_the_answers_of_a_continued_run_are_those_of_a_whole_one(scored, run, tmp_path):
    whole = shutil.copytree(scored, tmp_path / "whole")
    with serve() as service:
        options = ("--captioner", "m", "--endpoint", service.url, "--workers", "1")
        assert call("enrich", whole, *options).status == 0
        service.plans = [None] * 30 + [(403, b"", {})]
        assert call("enrich", run, *options).status == 1
        assert kept(run) >= 30
        assert call("enrich", run, *options).status == 0
    for name in ("answers/0.parquet", "answers/1.parquet", "captions/0.parquet"):
        assert (run / name).read_bytes() == (whole / name).read_bytes()
    assert not os.path.exists(run / "answers" / "0.parts")
