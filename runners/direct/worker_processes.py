"""Worker processes on this machine for Beam's FnApiRunner: started, watched, stopped.

Beam's own handler of subprocesses hangs when a worker dies, and after Ctrl-C waits for the end of
every bundle.
"""

import contextlib
import queue
import tempfile
import threading
from collections.abc import Iterator
from signal import Signals
from typing import Any

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2, beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    GrpcWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.transforms.environments import Environment, python_sdk_capabilities

from ..worker import GRACE_SECONDS
from .fork_workers import start_worker
from .loopback import LOOPBACK
from .stopped_processes import LOOK_SECONDS, StoppedProcesses

_URN = "evenpair:environment:worker-process:v1"
_POLL_SECONDS = 0.2
_NEWS_SECONDS = 2.0


@Environment.register_urn(_URN, None)
class WorkerProcesses(Environment):
    """The environment of a pipeline whose workers are processes of this machine."""

    def __init__(self) -> None:
        super().__init__(capabilities=python_sdk_capabilities())

    def to_runner_api_parameter(self, context: object) -> tuple[str, None]:
        return _URN, None

    @staticmethod
    def from_runner_api_parameter(*_described: object) -> "WorkerProcesses":
        return WorkerProcesses()


class LocalProvision(ExtendedProvisionInfo):
    """The job information for workers, and the reports of workers that died."""

    def __init__(self, options: PipelineOptions) -> None:
        all_options = options.get_all_options(drop_default=True)
        encoded = JobServiceHandle.encode_pipeline_options(all_options)
        super().__init__(beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded))
        self.deaths: queue.SimpleQueue[str] = queue.SimpleQueue()

    def death(self) -> str | None:
        """Return how a worker ended unexpectedly, None if none did."""
        with contextlib.suppress(queue.Empty):
            return self.deaths.get(timeout=_NEWS_SECONDS)
        return None


@WorkerHandler.register_environment(_URN, None)
class _WorkerProcess(GrpcWorkerHandler):
    """One ``evenpair-worker`` process, which gets its job from the provision endpoint."""

    def __init__(self, _payload: None, *services: Any) -> None:
        super().__init__(*services)
        self._closing = threading.Event()

    def host_from_worker(self) -> str:
        return LOOPBACK

    def start_worker(self) -> None:
        self._errors = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed with the worker
        arguments = (f"--id={self.worker_id}", f"--provision_endpoint={self.control_address}")
        self._process = start_worker(arguments, self._errors.name)
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """End the worker in the middle of whatever it does: the result is there, or not needed.

        Only its exit functions run. An orderly end would take a second or two, one worker after the
        other.
        """
        self._closing.set()
        self._process.terminate()
        self._process.join(GRACE_SECONDS)
        self._process.kill()
        with contextlib.suppress(Exception):  # the connection may be closed by now
            super().close()
        self._errors.close()

    def stop_worker(self) -> None:
        self._watcher.join()

    def _watch(self) -> None:
        """Fail the requests to a worker that ended unexpectedly."""
        stopped = StoppedProcesses()
        while self._process.exitcode is None:
            self._process.join(LOOK_SECONDS)
            stopped.look(self._process.pid or 0)
        code = self._process.exitcode
        if not self._closing.is_set():
            self.provision_info.deaths.put(self._cause(code))
        while not self._closing.wait(_POLL_SECONDS):
            for name, future in list(self.control_conn._futures_by_id.items()):
                future.set(_gone(name))

    def _cause(self, code: int) -> str:
        end = f"was killed ({Signals(-code).name})" if code < 0 else f"ended with status {code}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        advice = ": is there enough memory? Try fewer --workers" if code < 0 else f": {last}"
        return f"a worker process {end}{advice}; the same command continues from here"


def _gone(instruction: str) -> Any:  # noqa: ANN401 - Beam ships no types
    return beam_fn_api_pb2.InstructionResponse(instruction_id=instruction, error="no worker")


@contextlib.contextmanager
def silent_lost_connections() -> Iterator[None]:
    """Keep Beam's threads from printing that they lost their worker, while the block runs."""
    before = threading.excepthook

    def report(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, grpc.RpcError):
            before(args)

    threading.excepthook = report
    try:
        yield
    finally:
        threading.excepthook = before
