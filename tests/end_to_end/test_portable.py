"""Another engine: the same bytes as on this machine, from workers that share only files with it."""

import shutil
import signal
import subprocess
import time

import grpc
import pytest

from evenpair.scenes.shards import write_demo_shards

from ..support.commands import COMMAND, call, spawn
from ..support.job_servers import free_port, serve_prism
from ..support.shards import tree_bytes

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
    def test_the_whole_job_gives_the_same_bytes(self, here, elsewhere):
        for name in TABLES:
            assert tree_bytes(elsewhere / name) == tree_bytes(here / name)
        assert tree_bytes(elsewhere / "shards") != {}
        assert [(elsewhere / n).read_bytes() for n in FILES] == [
            (here / n).read_bytes() for n in FILES
        ]

    def test_nothing_temporary_is_left(self, here, elsewhere):
        files = [{str(p.relative_to(run)) for p in run.rglob("*")} for run in (here, elsewhere)]
        assert files[0] == files[1]

    def test_the_engine_is_no_option_of_the_run(self, inputs, elsewhere):
        answer = call("run", inputs, "--out", elsewhere, *OPTIONS)
        assert (answer.status, answer.err) == (0, "")

    def test_whose_client_was_lost_goes_on_from_what_is_done(self, inputs, here, tmp_path):
        out = tmp_path / "run"
        with serve_prism(tmp_path / "log") as endpoint:  # of its own: the lost job goes on there
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

    def test_workers_of_a_pool(self, inputs, here, endpoint, tmp_path):
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

    def test_a_fault_in_a_worker_is_one_line(self, inputs, endpoint, tmp_path):
        sources = shutil.copytree(inputs, tmp_path / "in")
        engine = ("--runner", "portable", "--job-endpoint", endpoint)
        options = ("--statistics", "prior", *engine)
        assert call("score", sources, "--out", tmp_path / "run", *options).status == 0
        (tmp_path / "run" / "scores" / "00001.parquet").unlink()
        answer = call("select", tmp_path / "run", *engine)
        assert answer.status == 1
        assert answer.err.count("\n") == 1
        assert "00001.parquet" in answer.err


class TestAddress:
    def test_no_job_server_is_one_line(self, inputs, tmp_path):
        endpoint = f"localhost:{free_port()}"
        options = ("--runner", "portable", "--job-endpoint", endpoint)
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        said = f"evenpair: no Beam job server answers at {endpoint}: start one\n"
        assert (answer.status, answer.out, answer.err) == (1, "", said)

    @pytest.mark.parametrize(
        "address", ["localhost", "localhost:", ":8099", "h:0", "h:65536", "h:x"]
    )
    def test_an_address_has_a_host_and_a_port(self, inputs, tmp_path, address):
        options = ("--runner", "portable", "--job-endpoint", address)
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        said = f"evenpair: '{address}' is no HOST:PORT, such as localhost:8099\n"
        assert (answer.status, answer.err) == (2, said)

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--runner", "portable"], "--runner portable needs --job-endpoint HOST:PORT"),
            (
                ["--runner", "flink"],
                "--runner flink needs --flink-master or --job-endpoint HOST:PORT",
            ),
            (["--job-endpoint", "localhost:1"], "--job-endpoint needs --runner portable or flink"),
            (["--flink-master", "localhost:1"], "--flink-master needs --runner flink"),
            (["--shared-paths"], "--shared-paths needs --runner portable or flink"),
        ],
    )
    def test_the_address_goes_with_the_runner(self, inputs, tmp_path, options, said):
        answer = call("score", inputs, "--out", tmp_path / "run", *options)
        assert (answer.status, answer.err) == (2, f"evenpair: {said}\n")
