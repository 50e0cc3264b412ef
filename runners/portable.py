"""Any engine with a Beam job server."""

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2_grpc, beam_runner_api_pb2
from apache_beam.runners.portability.portable_runner import (
    JobServiceHandle,
    PipelineResult,
    PortableRunner,
)

from ..pipeline.options.engine_options import EngineOptions
from ..pipeline.runs.work import Build, Execute, Work
from ..schemas.errors import EvenpairError, UsageError
from .addresses import split_address
from .engine_fault import engine_fault
from .harness import HARNESS_OPTIONS
from .name_fault import name_fault
from .progress import show_progress
from .shared_paths import require_shared

_SECONDS = 15
_JOB_SECONDS = 10**7
"""Beam's timeout for a job server also limits the whole job, whose states it streams."""
Check = Callable[[beam_runner_api_pb2.Pipeline], None]
"""Looks at a job and raises UsageError to refuse it."""
_ENVIRONMENT = ("--environment_type", "--environment_config", "--environment_option")


@contextmanager
def portable_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give the function that runs phases on the job server at ``--job-endpoint``.

    Raises EvenpairError if the server does not answer, UsageError if it cannot reach the paths.
    """
    endpoint = options.job_endpoint
    host, _ = split_address(endpoint)
    beam_options = portable_options(options)
    with job_channel(endpoint):
        pass
    hosts = [] if options.shared_paths else [host]
    require_shared([root], hosts)

    def execute(build: Build, work: Work) -> None:
        require_shared(work.paths(), hosts)
        submit(build, work, endpoint, beam_options, log=f"that of the job server at {endpoint}")

    yield execute


def portable_options(options: EngineOptions, more: Sequence[str] = ()) -> list[str]:
    """Return Beam's options for a job server; the user's own come last and override."""
    has_environment = any(option.startswith(_ENVIRONMENT) for option in options.beam)
    return [
        f"--job_server_timeout={_JOB_SECONDS}",
        *HARNESS_OPTIONS,
        *([] if has_environment else process_environment()),
        *more,
        *options.beam,
    ]


def process_environment() -> list[str]:
    """Return the options for workers that are ``evenpair-worker`` processes.

    It is the one beside this Python, by its absolute path. Raises UsageError if it does not exist.
    """
    command = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "evenpair-worker")
    if not os.path.exists(command):
        raise UsageError(
            f"{command} does not exist, which starts the workers: install evenpair there, or "
            "give -- --environment_type and --environment_config"
        )
    config = json.dumps({"command": command})
    return ["--environment_type=PROCESS", f"--environment_config={config}"]


@contextmanager
def job_channel(endpoint: str) -> Iterator[grpc.Channel]:
    """Give a channel to a job server. Raises EvenpairError if it does not answer."""
    address = split_address(endpoint)
    with grpc.insecure_channel(endpoint, _UNLIMITED) as channel:
        try:
            socket.create_connection(address, _SECONDS).close()  # fails at once; gRPC would wait
            grpc.channel_ready_future(channel).result(_SECONDS)
        except (OSError, grpc.FutureTimeoutError):
            raise EvenpairError(f"no Beam job server answers at {endpoint}: start one") from None
        yield channel


_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class _Runner(PortableRunner):
    """Beam's runner for job servers, over a channel that its caller closes."""

    def __init__(self, channel: grpc.Channel, check: Check) -> None:
        super().__init__()
        self._service = beam_job_api_pb2_grpc.JobServiceStub(channel)
        self._check = check

    def run_portable_pipeline(
        self, pipeline: beam_runner_api_pb2.Pipeline, options: PipelineOptions
    ) -> PipelineResult:
        self._check(pipeline)
        return super().run_portable_pipeline(pipeline, options)

    def create_job_service(self, options: PipelineOptions) -> JobServiceHandle:
        return JobServiceHandle(self._service, options)


def submit(
    build: Build,
    work: Work,
    endpoint: str,
    options: list[str],
    check: Check = lambda _: None,
    log: str = "",
) -> None:
    """Build a pipeline, run it on the job server and wait for its end; Ctrl-C cancels the job.

    ``check`` may refuse the job before it is submitted. Raises EvenpairError for a job that fails;
    ``log`` says where the engine's own log is.
    """
    with job_channel(endpoint) as channel, show_progress(work):
        pipeline = beam.Pipeline(runner=_Runner(channel, check), options=PipelineOptions(options))
        build(pipeline)
        try:
            wait_or_cancel(pipeline.run())
        except (RuntimeError, grpc.RpcError, EvenpairError) as error:
            raise name_fault(error) or engine_fault(work, error, log) from error


def wait_or_cancel(result: PipelineResult) -> None:
    """Wait for the end of a job; Ctrl-C cancels it."""
    try:
        result.wait_until_finish()
    except KeyboardInterrupt:
        result.cancel()
        raise
