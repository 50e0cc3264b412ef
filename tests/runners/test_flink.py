"""Flink: what is checked before anything starts, and under which options a job runs.

A real cluster is for the tests marked ``flink``; here its REST interface is imitated, and Prism
stands in for Beam's job server.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners import shared_paths
from evenpair.runners.flink.cluster import find_cluster, require_usable
from evenpair.runners.flink.flink import flink_options
from evenpair.runners.shared_paths import file_system_of, is_here, require_shared
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.errors import UsageError

from ..support.commands import call
from ..support.job_servers import free_port, prism_path
from ..support.shards import tree_bytes

VERSIONS = ["1.19", "1.20", "2.0"]
FIXED_DELAY = {"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": "6 s"}
MANAGERS = ({"host": "10.0.0.1", "slots": 2}, {"host": "10.0.0.2", "slots": 1})
HERE = ({"host": "localhost", "slots": 1},)


@contextmanager
def cluster(managers=MANAGERS, version="1.20.5", **config) -> Iterator[str]:
    """Answer as Flink's REST interface does."""
    answers = {
        "/overview": {"flink-version": version, "slots-total": sum(m["slots"] for m in managers)},
        "/taskmanagers": {
            "taskmanagers": [
                {
                    "id": f"{m['host']}:4711-a",
                    "path": f"pekko.tcp://flink@{m['host']}:4711/user/rpc/taskmanager_0",
                    "slotsNumber": m["slots"],
                }
                for m in managers
            ]
        },
        "/jobmanager/config": [{"key": k, "value": v} for k, v in config.items()],
    }

    class Rest(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps(answers[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = HTTPServer(("localhost", 0), Rest)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "shards"
    write_demo_shards(folder, pairs=8, seed=5, shard_size=4)
    return folder


@pytest.fixture
def score(inputs, tmp_path):
    """Score on Flink with options, into a directory that is not there yet."""

    def score(*options):
        return call("score", inputs, "--out", tmp_path / "run", "--runner", "flink", *options)

    return score


class TestCluster:
    def test_what_it_says_of_itself(self):
        with cluster(**FIXED_DELAY) as address:
            found = find_cluster(address)
        assert (found.version, found.slots, found.slots_a_manager) == ("1.20.5", 3, 2)
        assert found.hosts == ("10.0.0.1", "10.0.0.2")
        assert (found.restart_strategy, found.restart_delay) == ("fixed-delay", 6000)

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
    def test_what_becomes_of_a_lost_worker(self, config, strategy, delay):
        with cluster(**config) as address:
            found = find_cluster(address)
        assert (found.restart_strategy, found.restart_delay) == (strategy, delay)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"managers": ()}, "has no task manager: start one, bin/taskmanager.sh start"),
            ({"version": "1.16.3"}, "is Flink 1.16.3: this Beam knows 1.19, 1.20, 2.0"),
            ({"restart-strategy.type": "none"}, "has no restart strategy, so that a lost worker"),
        ],
    )
    def test_a_cluster_that_cannot_be_used(self, given, said):
        with cluster(**{**FIXED_DELAY, **given}) as address:
            found = find_cluster(address)
        with pytest.raises(UsageError) as error:
            require_usable(found, VERSIONS, own_retries=False)
        assert f"the Flink cluster at http://{address} {said}" in str(error.value)

    def test_a_job_may_bring_its_own_attempts(self):
        with cluster() as address:
            require_usable(find_cluster(address), VERSIONS, own_retries=True)


class TestOptions:
    def given(self, address=None, workers=0, beam=()):
        found = None if address is None else find_cluster(address)
        engine = EngineOptions(
            runner="flink", job_endpoint="localhost:1", workers=workers, beam=beam
        )
        return flink_options(engine, found)

    def test_all_slots_work_and_a_lost_worker_is_forgotten_before_the_next_attempt(self):
        with cluster(**FIXED_DELAY) as address:
            given = self.given(address)
        assert "--parallelism=3" in given
        assert "--sdk_worker_parallelism=2" in given
        assert "--execution_mode_for_batch=BATCH_FORCED" in given
        assert "--environment_cache_millis=3000" in given
        assert "--environment_type=PROCESS" in given

    def test_the_cache_is_shorter_than_the_delay(self):
        quick = {**FIXED_DELAY, "restart-strategy.fixed-delay.delay": "1 s"}
        with cluster(**quick) as address:
            assert "--environment_cache_millis=500" in self.given(address)

    def test_without_a_cluster_to_ask_workers_decide(self):
        assert "--parallelism=4" in self.given(workers=4)
        assert [o for o in self.given() if o.startswith("--parallelism")] == []

    def test_what_the_user_gives_comes_last(self):
        beam = ("--parallelism=7", "--environment_type=DOCKER")
        given = self.given(workers=2, beam=beam)
        assert given[-2:] == list(beam)
        assert [o for o in given if "PROCESS" in o or "environment_config" in o] == []


class TestChecks:
    def test_no_cluster(self, score):
        port = free_port()
        answer = score("--flink-master", f"localhost:{port}")
        assert answer.status == 1
        said = f"evenpair: no Flink cluster answers at http://localhost:{port} ("
        assert answer.err.startswith(said)
        assert answer.err.count("\n") == 1

    def test_no_job_server(self, score):
        port = free_port()
        answer = score("--job-endpoint", f"localhost:{port}")
        said = f"evenpair: no Beam job server answers at localhost:{port}: start one\n"
        assert (answer.status, answer.err) == (1, said)

    def test_no_java(self, score, monkeypatch, tmp_path):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("JAVA_HOME", raising=False)
        with cluster(HERE, **FIXED_DELAY) as address:
            answer = score("--flink-master", address)
        assert answer.status == 2
        assert answer.err.startswith(
            "evenpair: there is no java: Beam's job server for Flink needs"
        )

    def test_no_jar(self, score, monkeypatch):
        monkeypatch.setattr("shutil.which", lambda name: name)
        with cluster(HERE, **FIXED_DELAY) as address:
            answer = score("--flink-master", address, "--flink-job-server-jar", "no.jar")
        said = "evenpair: there is no no.jar: name the jar of Beam's job server for Flink\n"
        assert (answer.status, answer.err) == (2, said)

    def test_no_restart_strategy(self, score):
        with cluster(HERE) as address:
            answer = score("--flink-master", address)
        assert answer.status == 2
        assert f"the Flink cluster at http://{address} has no restart strategy" in answer.err

    def test_a_run_that_workers_cannot_see(self, score, monkeypatch, tmp_path):
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
        with cluster(**FIXED_DELAY) as address:
            answer = score("--flink-master", address)
        said = f"evenpair: {tmp_path}/run lies on this machine's own disk, where the workers on 10."
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert answer.err.startswith(said)

    def test_nothing_is_overwritten_before_all_is_there(self, inputs, monkeypatch, tmp_path):
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


class TestSharedPaths:
    def test_this_machine_is_here(self):
        assert [is_here(host) for host in ("localhost", "127.0.0.1", socket.gethostname())] == [
            True
        ] * 3
        assert [is_here(host) for host in ("192.0.2.1", "no-such-host.invalid")] == [False] * 2

    def test_an_own_disk_is_no_place_for_workers_elsewhere(self, monkeypatch, tmp_path):
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
        require_shared([str(tmp_path)], ["localhost"])
        with pytest.raises(UsageError, match="lies on this machine's own disk, where the workers"):
            require_shared([str(tmp_path)], ["localhost", "192.0.2.1"])

    @pytest.mark.parametrize("kind", ["nfs4", "lustre", "fuse.glusterfs", ""])
    def test_a_shared_one_is(self, monkeypatch, tmp_path, kind):
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: kind)
        require_shared([str(tmp_path)], ["192.0.2.1"])

    def test_so_is_an_object_store(self):
        require_shared(["gs://bucket/run"], ["192.0.2.1"])

    def test_file_systems_by_their_mounts(self, monkeypatch, tmp_path):
        mounts = tmp_path / "mountinfo"
        mounts.write_text(
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
            "2 1 0:5 / /data rw shared:1 - nfs4 server:/data rw\n"
            "3 1 0:6 / /data/my\\040own rw - xfs /dev/sdb1 rw\n"
        )
        monkeypatch.setattr(shared_paths, "_MOUNTS", mounts)
        paths = ("/home/run", "/data/run", "/data/my own/run", "/database")
        assert [file_system_of(path) for path in paths] == ["ext4", "nfs4", "xfs", "ext4"]

    def test_what_this_machine_exports_is_shared(self, monkeypatch, tmp_path):
        exports = tmp_path / "etab"
        exports.write_text(f"{tmp_path}\t*(rw)\n")
        monkeypatch.setattr(shared_paths, "_EXPORTS", exports)
        monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
        require_shared([str(tmp_path / "run")], ["192.0.2.1"])


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

    def test_it_is_started_used_and_stopped(self, java, score, inputs, tmp_path):
        pid = tmp_path / "pid"
        find_port = 'while [ "$1" != --job-port ]; do shift; done; echo $$ > ' + str(pid)
        self.write(java, f"{find_port}; exec {prism_path()} --job_port=$2 --serve_http=false")
        with cluster(HERE, **FIXED_DELAY) as address:
            jar = java.with_name("job-server.jar")
            answer = score("--flink-master", address, "--flink-job-server-jar", jar)
        assert (answer.status, answer.err) == (0, "")
        assert call("score", inputs, "--out", tmp_path / "here", "--workers", 1).status == 0
        assert tree_bytes(tmp_path / "run/scores") == tree_bytes(tmp_path / "here/scores")
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    def test_one_that_does_not_start_says_why(self, java, score):
        self.write(java, "echo Error: Unable to access jar; exit 1")
        with cluster(HERE, **FIXED_DELAY) as address:
            jar = java.with_name("job-server.jar")
            answer = score("--flink-master", address, "--flink-job-server-jar", jar)
        said = "evenpair: Beam's job server for Flink does not start: Error: Unable to access jar\n"
        assert (answer.status, answer.err) == (1, said)
