"""Another engine with a Beam job server: the job carries everything that its workers need."""

import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2_grpc
from apache_beam.runners.portability.portable_runner import (
    JobServiceHandle,
    PipelineResult,
    PortableRunner,
)

from ..pipeline.options.engine_options import EngineOptions
from ..pipeline.runs.work import Build, Execute, Work
from ..schemas.errors import EvenpairError, UsageError
from .addresses import split_address
from .name_fault import name_fault
from .progress import show_progress
from .shared_paths import require_shared

_SECONDS = 15
_FOR_EVER = 10**7
"""Seconds. Beam's timeout for a job server is also one for a whole job that streams its states."""
_ENVIRONMENT = ("--environment_type", "--environment_config", "--environment_option")


@contextmanager
def portable_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give what runs phases on the job server at ``--job-endpoint``, which must answer."""
    endpoint = options.job_endpoint
    host, _ = split_address(endpoint)
    given = portable_options(options)
    with job_channel(endpoint):
        pass
    hosts = [] if options.shared_paths else [host]
    require_shared([root], hosts)

    def execute(build: Build, work: Work) -> None:
        require_shared(work.paths(), hosts)
        submit(build, work, endpoint, given)

    yield execute


def portable_options(options: EngineOptions, more: Sequence[str] = ()) -> list[str]:
    """Return Beam's options for a job server; those that the user gave come last, and win."""
    given = options.beam
    named = any(option.startswith(_ENVIRONMENT) for option in given)
    return [
        f"--job_server_timeout={_FOR_EVER}",
        "--default_sdk_harness_log_level=WARNING",
        "--experiments=disable_logging_submission_environment",
        *([] if named else process_environment()),
        *more,
        *given,
    ]


def process_environment() -> list[str]:
    """Return the options that make ``evenpair-worker`` the worker: the one beside this Python.

    Raises UsageError if there is none.
    """
    command = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "evenpair-worker")
    if not os.path.exists(command):
        raise UsageError(
            f"there is no {command}, which workers are started by: install evenpair there, or name "
            "another with -- --environment_type and --environment_config"
        )
    config = json.dumps({"command": command})
    return ["--environment_type=PROCESS", f"--environment_config={config}"]


@contextmanager
def job_channel(endpoint: str) -> Iterator[grpc.Channel]:
    """Give a channel to the job server at ``endpoint``. Raises EvenpairError if none answers."""
    address = split_address(endpoint)
    with grpc.insecure_channel(endpoint, _UNLIMITED) as channel:
        try:
            socket.create_connection(address, _SECONDS).close()  # refused at once, where gRPC waits
            grpc.channel_ready_future(channel).result(_SECONDS)
        except (OSError, grpc.FutureTimeoutError):
            raise EvenpairError(f"no Beam job server answers at {endpoint}: start one") from None
        yield channel


_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class _Runner(PortableRunner):
    """Beam's runner for job servers, over a channel that is closed when the job is done."""

    def __init__(self, channel: grpc.Channel) -> None:
        super().__init__()
        self._service = beam_job_api_pb2_grpc.JobServiceStub(channel)

    def create_job_service(self, options: PipelineOptions) -> JobServiceHandle:
        return JobServiceHandle(self._service, options)


def submit(build: Build, work: Work, endpoint: str, options: list[str]) -> None:
    """Build a pipeline, have the job server run it, wait for its end; cancel it if interrupted."""
    with job_channel(endpoint) as channel, show_progress(work):
        pipeline = beam.Pipeline(runner=_Runner(channel), options=PipelineOptions(options))
        build(pipeline)
        try:
            wait_or_cancel(pipeline.run())
        except (RuntimeError, grpc.RpcError, EvenpairError) as error:
            fault = name_fault(error)
            if fault is None:
                raise
            raise fault from error


def wait_or_cancel(result: PipelineResult) -> None:
    """Wait for the end of a job; cancel it if interrupted."""
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        result.cancel()
        raise
