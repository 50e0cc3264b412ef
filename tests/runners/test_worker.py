"""The boot program of a worker: how different engines start it, and the pool that starts many."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import grpc
import pytest
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_provision_api_pb2,
    beam_provision_api_pb2_grpc,
    endpoints_pb2,
)
from google.protobuf import struct_pb2

from evenpair.runners import worker
from evenpair.runners.worker_pool import WorkerPool

from ..support.commands import COMMAND
from ..support.messages import unnamed


def endpoint(url):
    return endpoints_pb2.ApiServiceDescriptor(url=url)


def options(**given):
    struct = struct_pb2.Struct()
    struct.update(given)
    return struct


class Provision(beam_provision_api_pb2_grpc.ProvisionServiceServicer):
    """An engine with one job, which notes the ids of the workers that call it."""

    def __init__(self, **info):
        self.info = beam_provision_api_pb2.ProvisionInfo(**info)
        self.asked = []

    def GetProvisionInfo(self, request, context):
        self.asked.append(dict(context.invocation_metadata())["worker_id"])
        return beam_provision_api_pb2.GetProvisionInfoResponse(info=self.info)


@contextmanager
def served(servicer):
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        beam_provision_api_pb2_grpc.add_ProvisionServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("localhost:0")
        server.start()
        yield f"localhost:{port}"
        server.stop(None).wait()


class TestBoot:
    def test_prism_sends_every_address_through_the_provision_endpoint(self):
        engine = Provision(
            pipeline_options=options(**{"beam:option:runner:v1": "prism"}),
            control_endpoint=endpoint("localhost:1"),
            logging_endpoint=endpoint("localhost:2"),
            runner_capabilities=["a", "b"],
        )
        with served(engine) as address:
            arguments = worker.parse(["--id='job-001[0]'", f"--provision_endpoint={address}"])
            environment = worker.environment_from(worker.fetch_provision(arguments), arguments)
        assert engine.asked == ["job-001[0]"]
        assert environment == {
            "WORKER_ID": "job-001[0]",
            "PIPELINE_OPTIONS": '{\n  "beam:option:runner:v1": "prism"\n}',
            "RUNNER_CAPABILITIES": "a b",
            "CONTROL_API_SERVICE_DESCRIPTOR": 'url: "localhost:1"\n',
            "LOGGING_API_SERVICE_DESCRIPTOR": 'url: "localhost:2"\n',
        }

    def test_flink_gives_every_address_as_an_argument(self):
        with served(Provision(pipeline_options=options())) as address:
            arguments = worker.parse(
                [
                    "--id=1-1",
                    "--logging_endpoint=localhost:2",
                    "--artifact_endpoint=localhost:3",
                    f"--provision_endpoint={address}",
                    "--control_endpoint=localhost:1",
                ]
            )
            environment = worker.environment_from(worker.fetch_provision(arguments), arguments)
        assert environment == {
            "WORKER_ID": "1-1",
            "PIPELINE_OPTIONS": "{}",
            "CONTROL_API_SERVICE_DESCRIPTOR": 'url: "localhost:1"\n',
            "LOGGING_API_SERVICE_DESCRIPTOR": 'url: "localhost:2"\n',
        }

    def test_a_call_without_an_engine_is_refused(self):
        command = [str(COMMAND.with_name("evenpair-worker")), "--id=1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert unnamed(done.stderr, "--id", "--provision_endpoint") == []


class TestPool:
    @pytest.fixture
    def pool(self):
        program = "import time; time.sleep(600)"
        pool = WorkerPool([sys.executable, "-c", program])
        yield pool
        pool.stop_all()

    @staticmethod
    def start(pool, name):
        url = endpoint("localhost:1")
        request = beam_fn_api_pb2.StartWorkerRequest(
            worker_id=name, control_endpoint=url, provision_endpoint=url
        )
        return pool.StartWorker(request, None).error

    def test_workers_get_the_addresses_of_the_engine(self, tmp_path):
        note = "open('new', 'w').write(' '.join(sys.argv[1:])); os.rename('new', 'arguments')"
        program = f"import os, sys; os.chdir({str(tmp_path)!r}); {note}"
        pool = WorkerPool([sys.executable, "-c", program])
        assert self.start(pool, "1-1") == ""
        while not (tmp_path / "arguments").exists():
            time.sleep(0.05)
        pool.stop_all()
        arguments = (tmp_path / "arguments").read_text().split()
        assert arguments[:2] == ["--id=1-1", "--control_endpoint=localhost:1"]
        assert "--provision_endpoint=localhost:1" in arguments

    def test_a_second_worker_with_the_same_id_is_refused(self, pool):
        assert self.start(pool, "1-1") == ""
        assert self.start(pool, "1-2") == ""
        assert "1-1" in self.start(pool, "1-1")

    def test_a_stopped_worker_can_be_started_again(self, pool):
        assert self.start(pool, "1-1") == ""
        pool.StopWorker(SimpleNamespace(worker_id="1-1"), None)
        pool.StopWorker(SimpleNamespace(worker_id="1-1"), None)
        assert self.start(pool, "1-1") == ""

    def test_an_address_without_a_host_is_refused(self, capsys):
        with pytest.raises(SystemExit, match="2"):
            worker.parse(["--pool", "50000"])
        assert unnamed(capsys.readouterr().err, "--pool", "'50000'", "HOST:PORT") == []


def test_workers_of_a_plain_installation_start_without_beams_warning():
    """Beam warns while it is imported if Google's libraries are not installed."""
    plain = "import sys; sys.modules['apitools'] = None; import {}"
    output = {
        module: subprocess.run(
            [sys.executable, "-P", "-c", plain.format(module)],
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for module in ("apache_beam", "evenpair.runners.direct.worker_imports")
    }
    assert "apitools not found" in output["apache_beam"]
    assert output["evenpair.runners.direct.worker_imports"] == ""
