"""A cluster that stops answering during a job is reported long before the job server gives up."""

import io
import time
from contextlib import redirect_stderr

import pytest

from evenpair.runners.flink import watch
from evenpair.runners.flink.cluster import find_cluster
from evenpair.runners.flink.watch import watch_cluster

from ...support.flink import FIXED_DELAY, cluster


@pytest.fixture(autouse=True)
def frequent_looks(monkeypatch):
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.02)


def test_silence_is_one_line():
    with cluster(**FIXED_DELAY) as address:
        flink = find_cluster(address)
    with redirect_stderr(io.StringIO()) as errors, watch_cluster(flink):
        while not errors.getvalue():
            time.sleep(0.02)
        time.sleep(0.2)
    assert errors.getvalue().count("\n") == 1
    assert f"http://{address}" in errors.getvalue()


def test_a_cluster_that_answers_is_not_mentioned():
    with (
        redirect_stderr(io.StringIO()) as errors,
        cluster(**FIXED_DELAY) as address,
        watch_cluster(find_cluster(address)),
    ):
        time.sleep(0.2)
    assert errors.getvalue() == ""
