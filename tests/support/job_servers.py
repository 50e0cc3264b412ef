"""Beam job servers to test against: Prism, where it is built, and one whose jobs fail."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apache_beam
import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

PRISM = "EVENPAIR_PRISM"
JOB_ENDPOINT = "EVENPAIR_JOB_ENDPOINT"
_BUILT = Path(__file__).parents[2] / ".cache" / "prism" / apache_beam.__version__ / "prism"
_PATIENCE_SECONDS = 60


def prism_path() -> str:
    """Return where Prism lies; skip the test, saying how to get it, if it lies nowhere."""
    for path in (os.environ.get(PRISM), shutil.which("prism"), _BUILT):
        if path and Path(path).exists():
            return str(path)
    pytest.skip(f"no Prism: 'make prism' builds it where Go is, or {PRISM} names it")


@contextmanager
def serve_prism(log: Path) -> Iterator[str]:
    """Run Prism as a process of its own and give the endpoint at which it takes jobs."""
    endpoint = f"localhost:{free_port()}"
    port = endpoint.partition(":")[2]
    command = [prism_path(), f"--job_port={port}", "--serve_http=false", "--log_kind=text"]
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        with grpc.insecure_channel(endpoint) as channel:
            grpc.channel_ready_future(channel).result(_PATIENCE_SECONDS)
        yield endpoint
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return int(listener.getsockname()[1])


class FailingJobs(beam_job_api_pb2_grpc.JobServiceServicer):
    """A job server whose jobs fail with a message, or that refuses them with an empty reason."""

    def __init__(self, message: str | None) -> None:
        self.message = message

    def DescribePipelineOptions(self, request: Any, context: Any) -> Any:
        return beam_job_api_pb2.DescribePipelineOptionsResponse()

    def Prepare(self, request: Any, context: Any) -> Any:
        if self.message is None:
            context.abort(grpc.StatusCode.INTERNAL, "")
        return beam_job_api_pb2.PrepareJobResponse(preparation_id="job-1")

    def Run(self, request: Any, context: Any) -> Any:
        return beam_job_api_pb2.RunJobResponse(job_id="job-1")

    def GetStateStream(self, request: Any, context: Any) -> Iterator[Any]:
        for state in (beam_job_api_pb2.JobState.RUNNING, beam_job_api_pb2.JobState.FAILED):
            yield beam_job_api_pb2.JobStateEvent(state=state)

    def GetMessageStream(self, request: Any, context: Any) -> Iterator[Any]:
        message = beam_job_api_pb2.JobMessage(
            importance=beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR, message_text=self.message
        )
        yield beam_job_api_pb2.JobMessagesResponse(message_response=message)


@contextmanager
def serve_failing_jobs(message: str | None) -> Iterator[str]:
    """Run a job server whose jobs fail with ``message``, or that refuses them if it is None."""
    with ThreadPoolExecutor(8) as threads:
        server = grpc.server(threads)
        beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(FailingJobs(message), server)
        port = server.add_insecure_port("localhost:0")
        server.start()
        yield f"localhost:{port}"
        server.stop(None).wait()
