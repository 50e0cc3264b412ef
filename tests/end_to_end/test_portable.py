"""The whole job on another engine, whose workers share only files with the launcher."""

import shutil
import signal
import subprocess
import time

import grpc
import pytest

from evenpair.scenes.shards import write_demo_shards

from ..support.commands import COMMAND, call, spawn
from ..support.job_servers import free_port, serve_prism
from ..support.messages import assert_refused
from ..support.shards import tree_bytes

pytestmark = pytest.mark.slow

OPTIONS = ("--captioner", "demo", "--keep-fraction", "0.8", "--shard-size", "16")
TABLES = ("scores", "captions", "selection", "rejections", "shards")
FILES = ("sources.parquet", "statistics.parquet", "plan.parquet", "accounting.parquet")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Three shards of drawn scenes."""
    folder = tmp_path_factory.mktemp("inputs") / "shards"
    write_demo_shards(folder, pairs=45, seed=3, shard_size=15)
    return folder


@pytest.fixture(scope="module")
def here(inputs, tmp_path_factory):
    """The whole job on this machine."""
    out = tmp_path_factory.mktemp("here") / "run"
    assert call("run", inputs, "--out", out, *OPTIONS, "--workers", 1).status == 0
    return out


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with serve_prism(tmp_path_factory.mktemp("prism") / "log") as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def elsewhere(inputs, endpoint, tmp_path_factory):
    """The whole job on a server of its own, whose workers are processes that it starts."""
    out = tmp_path_factory.mktemp("elsewhere")
    options = (*OPTIONS, "--runner", "portable", "--job-endpoint", endpoint)
    answer = spawn("run", inputs, "--out", "run", *options, cwd=out)
    assert (answer.status, answer.err) == (0, "")
    return out / "run"


class TestPrism:
    def test_the_whole_job_writes_the_same_bytes(self, here, elsewhere):
        for name in TABLES:
            assert tree_bytes(elsewhere / name) == tree_bytes(here / name)
        assert tree_bytes(elsewhere / "shards") != {}
        assert [(elsewhere / n).read_bytes() for n in FILES] == [
            (here / n).read_bytes() for n in FILES
        ]

    def test_no_temporary_files_are_left(self, here, elsewhere):
        files = [{str(p.relative_to(run)) for p in run.rglob("*")} for run in (here, elsewhere)]
        assert files[0] == files[1]

    def test_a_finished_run_is_accepted_by_another_engine(self, inputs, elsewhere):
        answer = call("run", inputs, "--out", elsewhere, *OPTIONS)
        assert (answer.status, answer.err) == (0, "")

    def test_a_run_whose_launcher_was_killed_is_resumed(self, inputs, here, tmp_path):
        out = tmp_path / "run"
        with serve_prism(tmp_path / "log") as endpoint:  # of its own: the old job goes on there
            engine = ("--runner", "portable", "--job-endpoint", endpoint)
            command = ["score", inputs, "--out", out, *engine]
            spawned = [str(COMMAND), *map(str, command)]
            client = subprocess.Popen(spawned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while client.poll() is None and not list(out.glob("work/parsed/*.parquet")):
                time.sleep(0.05)
            client.kill()
            assert client.wait() == -signal.SIGKILL
            answer = call(*command)
        assert (answer.status, answer.err) == (0, "")
        assert tree_bytes(out / "scores") == tree_bytes(here / "scores")

    def test_workers_of_a_pool_write_the_same_scores(self, inputs, here, endpoint, tmp_path):
        address = f"localhost:{free_port()}"
        pool = subprocess.Popen([str(COMMAND.with_name("evenpair-worker")), "--pool", address])
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(60)
        external = ("--environment_type=EXTERNAL", f"--environment_config={address}")
        options = ("--runner", "portable", "--job-endpoint", endpoint, "--", *external)
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        pool.terminate()
        assert (pool.wait(), answer.status, answer.err) == (0, 0, "")
        assert tree_bytes(tmp_path / "run" / "scores") == tree_bytes(here / "scores")

    def test_an_error_in_a_worker_is_one_line(self, inputs, endpoint, tmp_path):
        sources = shutil.copytree(inputs, tmp_path / "in")
        engine = ("--runner", "portable", "--job-endpoint", endpoint)
        options = ("--statistics", "prior", *engine)
        assert call("score", sources, "--out", tmp_path / "run", *options).status == 0
        (tmp_path / "run" / "scores" / "00001.parquet").unlink()
        answer = call("select", tmp_path / "run", *engine)
        assert_refused(answer, "00001.parquet", status=1)


class TestAddress:
    def test_a_job_server_that_does_not_answer_is_named(self, inputs, tmp_path):
        endpoint = f"localhost:{free_port()}"
        options = ("--runner", "portable", "--job-endpoint", endpoint)
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        assert_refused(answer, endpoint, status=1)

    @pytest.mark.parametrize(
        "address", ["localhost", "localhost:", ":8099", "h:0", "h:65536", "h:x"]
    )
    def test_an_address_without_host_or_port_is_refused(self, inputs, tmp_path, address):
        options = ("--runner", "portable", "--job-endpoint", address)
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        assert_refused(answer, f"'{address}'", "HOST:PORT")

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (["--runner", "portable"], ["--runner portable", "--job-endpoint"]),
            (["--runner", "flink"], ["--runner flink", "--flink-master", "--job-endpoint"]),
            (["--job-endpoint", "localhost:1"], ["--job-endpoint", "--runner portable", "flink"]),
            (["--flink-master", "localhost:1"], ["--flink-master", "--runner flink"]),
            (["--shared-paths"], ["--shared-paths", "--runner portable", "flink"]),
        ],
    )
    def test_an_address_without_its_runner_is_refused(self, inputs, tmp_path, options, named):
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        assert_refused(answer, *named)
