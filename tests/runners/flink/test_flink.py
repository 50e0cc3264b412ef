"""Flink: the checks before a job starts, and the options that it gets.

Tests marked ``flink`` need a real cluster; here a small server answers as Flink's REST interface
does, and Prism stands in for Beam's job server.
"""

import os

import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners import shared_paths
from evenpair.runners.flink.cluster import find_cluster, require_usable
from evenpair.runners.flink.flink import flink_options
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.errors import UsageError

from ...support.commands import call
from ...support.flink import FIXED_DELAY, HERE, MANAGERS, SMALL_RESULTS, cluster
from ...support.job_servers import free_port, prism_path
from ...support.messages import assert_refused, raises_naming
from ...support.shards import tree_bytes

VERSIONS = ["1.19", "1.20", "2.0"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "shards"
    write_demo_shards(folder, pairs=8, seed=5, shard_size=4)
    return folder


@pytest.fixture
def score(inputs, tmp_path):
    """Score on Flink with options, into a new directory."""

    def score(*options):
        return call("score", inputs, "--out", tmp_path / "run", "--runner", "flink", *options)

    return score


class TestCluster:
    def test_version_slots_hosts_and_restarts_are_read(self):
        with cluster(**FIXED_DELAY) as address:
            described = find_cluster(address)
        assert (described.version, described.slots, described.slots_per_manager) == ("1.20.5", 3, 2)
        assert described.hosts == ("10.0.0.1", "10.0.0.2")
        assert (described.restart_strategy, described.restart_delay) == ("fixed-delay", 6000)

    @pytest.mark.parametrize(
        ("config", "strategy", "delay"),
        [
            ({}, "", 1000),
            ({"restart-strategy.type": "none"}, "", 1000),
            ({"restart-strategy": "off"}, "", 1000),
            ({"restart-strategy": "fixed-delay"}, "fixed-delay", 1000),
            (
                {
                    "restart-strategy.type": "exponential-delay",
                    "restart-strategy.exponential-delay.initial-backoff": "500 ms",
                },
                "exponential-delay",
                500,
            ),
            (
                {
                    "restart-strategy.type": "failure-rate",
                    "restart-strategy.failure-rate.delay": "2min",
                },
                "failure-rate",
                120_000,
            ),
        ],
    )
    def test_the_restart_strategy_is_read(self, config, strategy, delay):
        with cluster(**config) as address:
            described = find_cluster(address)
        assert (described.restart_strategy, described.restart_delay) == (strategy, delay)

    @pytest.mark.parametrize(
        ("config", "named"),
        [
            ({"managers": ()}, ["taskmanager.sh"]),
            ({"version": "1.16.3"}, ["1.16.3", *VERSIONS]),
            ({"restart-strategy.type": "none"}, ["restart-strategy"]),
        ],
    )
    def test_an_unusable_cluster_is_refused(self, config, named):
        with cluster(**{**FIXED_DELAY, **config}) as address:
            described = find_cluster(address)
        with raises_naming(UsageError, f"http://{address}", *named):
            require_usable(described, VERSIONS)

    def test_retries_of_the_job_do_not_replace_a_restart_strategy(self, score):
        """In batch Flink ignores them."""
        with cluster(HERE, **SMALL_RESULTS) as address:
            options = ("--flink-master", address, "--", "--number_of_execution_retries=5")
            answer = score(*options)
        assert_refused(answer, "restart-strategy", f"http://{address}")
        assert "number_of_execution_retries" not in answer.err


class TestOptions:
    def options(self, address=None, workers=0, beam=()):
        described = None if address is None else find_cluster(address)
        engine = EngineOptions(
            runner="flink", job_endpoint="localhost:1", workers=workers, beam=beam
        )
        return flink_options(engine, described)

    def test_a_job_uses_all_slots_and_forgets_a_lost_worker_before_the_restart(self):
        with cluster(**FIXED_DELAY) as address:
            options = self.options(address)
        assert {
            "--parallelism=3",
            "--sdk_worker_parallelism=2",
            "--execution_mode_for_batch=BATCH_FORCED",
            "--environment_cache_millis=3000",
            "--environment_type=PROCESS",
        } <= set(options)

    def test_the_cache_is_shorter_than_the_delay(self):
        quick = {**FIXED_DELAY, "restart-strategy.fixed-delay.delay": "1 s"}
        with cluster(**quick) as address:
            assert "--environment_cache_millis=500" in self.options(address)

    def test_without_a_cluster_the_number_of_workers_is_the_parallelism(self):
        assert "--parallelism=4" in self.options(workers=4)
        assert [o for o in self.options() if o.startswith("--parallelism")] == []

    def test_beams_own_options_come_last(self):
        beam = ("--parallelism=7", "--environment_type=DOCKER")
        options = self.options(workers=2, beam=beam)
        assert options[-2:] == list(beam)
        assert [o for o in options if "PROCESS" in o or "environment_config" in o] == []


class TestChecks:
    def test_a_cluster_that_does_not_answer_is_named(self, score):
        port = free_port()
        answer = score("--flink-master", f"localhost:{port}")
        assert_refused(answer, f"http://localhost:{port}", status=1)

    def test_a_job_server_that_does_not_answer_is_named(self, score):
        port = free_port()
        answer = score("--job-endpoint", f"localhost:{port}")
        assert_refused(answer, f"localhost:{port}", status=1)

    def test_a_missing_java_is_named(self, score, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("JAVA_HOME", raising=False)
        with cluster(HERE, **FIXED_DELAY, **SMALL_RESULTS) as address:
            answer = score("--flink-master", address)
        assert_refused(answer, "java")

    def test_a_missing_jar_is_named(self, score, monkeypatch):
        monkeypatch.setattr("shutil.which", lambda name: name)
        with cluster(HERE, **FIXED_DELAY, **SMALL_RESULTS) as address:
            answer = score("--flink-master", address, "--flink-job-server-jar", "no.jar")
        assert_refused(answer, "no.jar")

    def test_a_cluster_without_restarts_is_refused(self, score):
        with cluster(HERE, **SMALL_RESULTS) as address:
            answer = score("--flink-master", address)
        assert_refused(answer, f"http://{address}", "restart-strategy")

    def test_a_run_that_workers_cannot_see_is_refused(self, score, monkeypatch, tmp_path):
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
        with cluster(**FIXED_DELAY) as address:
            answer = score("--flink-master", address)
        assert_refused(answer, tmp_path / "run", MANAGERS[0]["host"], "--shared-paths")

    def test_a_refused_overwrite_removes_nothing(self, inputs, monkeypatch, tmp_path):
        out = tmp_path / "run"
        assert call("score", inputs, "--out", out, "--workers", 1).status == 0
        before = tree_bytes(out)
        options = ("--runner", "flink", "--job-endpoint", f"localhost:{free_port()}")
        assert call("run", inputs, "--out", out, "--overwrite", *options).status == 1
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
        with cluster(**FIXED_DELAY) as address:
            options = ("--runner", "flink", "--flink-master", address)
            assert call("run", inputs, "--out", out, "--overwrite", *options).status == 2
        assert tree_bytes(out) == before


class TestJobServer:
    """A program named java that starts Prism at the port where the job server is to be."""

    @pytest.fixture
    def java(self, tmp_path, monkeypatch):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "job-server.jar").touch()
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        return folder / "java"

    def write(self, java, body):
        java.write_text(f"#!/bin/sh\n{body}\n")
        java.chmod(0o755)

    @pytest.mark.slow
    def test_it_is_started_used_and_stopped(self, java, score, inputs, tmp_path):
        pid = tmp_path / "pid"
        find_port = 'while [ "$1" != --job-port ]; do shift; done; echo $$ > ' + str(pid)
        self.write(java, f"{find_port}; exec {prism_path()} --job_port=$2 --serve_http=false")
        with cluster(HERE, **FIXED_DELAY, **SMALL_RESULTS) as address:
            jar = java.with_name("job-server.jar")
            answer = score("--flink-master", address, "--flink-job-server-jar", jar)
        assert (answer.status, answer.err) == (0, "")
        assert call("score", inputs, "--out", tmp_path / "here", "--workers", 1).status == 0
        assert tree_bytes(tmp_path / "run/scores") == tree_bytes(tmp_path / "here/scores")
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    def test_the_last_line_of_one_that_does_not_start_is_shown(self, java, score):
        self.write(java, "echo Error: Unable to access jar; exit 1")
        with cluster(HERE, **FIXED_DELAY, **SMALL_RESULTS) as address:
            jar = java.with_name("job-server.jar")
            answer = score("--flink-master", address, "--flink-job-server-jar", jar)
        assert_refused(answer, "Error: Unable to access jar", status=1)
