"""Worker processes on this machine for Beam's FnApiRunner: started, watched, stopped.

Beam's own handler of subprocesses waits for ever when a worker dies, and for the end of every
bundle when the launcher is interrupted.
"""

import contextlib
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from signal import Signals
from typing import IO, Any, cast

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

_URN = "evenpair:environment:worker-process:v1"
_POLL_SECONDS = 0.2
_NEWS_SECONDS = 2.0
_PATIENCE_SECONDS = 10


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


class _Process:
    """A process that is to be a worker, and what it says when something is wrong."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self.running = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.worker_ahead"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,  # Ctrl-C is for the launcher, which stops its workers
        )

    def tell(self, *arguments: str) -> None:
        """Say what it is to be; it may have died meanwhile, which its watcher tells."""
        words = cast(IO[bytes], self.running.stdin)
        with contextlib.suppress(BrokenPipeError), words:
            words.write(" ".join(arguments).encode())

    def dismiss(self) -> None:
        """End it before it was told anything."""
        self.running.kill()
        self.tell()
        self.running.wait()
        self.errors.close()


class LocalProvision(ExtendedProvisionInfo):
    """What workers are told of a job, and what they leave when they die.

    So many processes start at once, while the job is built.
    """

    def __init__(self, options: PipelineOptions, workers: int) -> None:
        given = options.get_all_options(drop_default=True)
        encoded = JobServiceHandle.encode_pipeline_options(given)
        super().__init__(beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded))
        self.deaths: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._waiting = [_Process() for _ in range(workers)]

    def take(self) -> _Process:
        """Return a process that waits to be told."""
        return self._waiting.pop() if self._waiting else _Process()

    def dismiss(self) -> None:
        """End the processes that were not taken."""
        while self._waiting:
            self._waiting.pop().dismiss()

    def death(self) -> str | None:
        """Return how a worker ended that was not asked to, None if none did."""
        with contextlib.suppress(queue.Empty):
            return self.deaths.get(timeout=_NEWS_SECONDS)
        return None


@WorkerHandler.register_environment(_URN, None)
class _WorkerProcess(GrpcWorkerHandler):
    """One process, which ``evenpair-worker`` is; the provision endpoint tells it what to do."""

    def __init__(self, _payload: None, *services: Any) -> None:
        super().__init__(*services)
        self._closing = threading.Event()

    def start_worker(self) -> None:
        taken = self.provision_info.take()
        taken.tell(f"--id={self.worker_id}", f"--provision_endpoint={self.control_address}")
        self._process, self._errors = taken.running, taken.errors
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop the worker: at once if anything failed, when it has nothing to do otherwise."""
        self._closing.set()
        if sys.exc_info()[0] is not None:
            self._process.kill()
        with contextlib.suppress(Exception):  # a connection whose other end is gone
            super().close()
        self._errors.close()

    def stop_worker(self) -> None:
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._watcher.join()

    def _watch(self) -> None:
        """Fail whatever waits for a worker that ended without having been asked to."""
        code = self._process.wait()
        if not self._closing.is_set():
            self.provision_info.deaths.put(self._said(code))
        while not self._closing.wait(_POLL_SECONDS):
            for name, future in list(self.control_conn._futures_by_id.items()):
                future.set(_gone(name))

    def _said(self, code: int) -> str:
        how = f"was killed ({Signals(-code).name})" if code < 0 else f"ended with status {code}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        advice = ": is there enough memory? Try fewer --workers" if code < 0 else f": {last}"
        return f"a worker process {how}{advice}; the same command goes on from here"


def _gone(instruction: str) -> Any:  # noqa: ANN401 - Beam ships no types
    return beam_fn_api_pb2.InstructionResponse(instruction_id=instruction, error="no worker")


@contextlib.contextmanager
def broken_connections_told_once() -> Iterator[None]:
    """Keep threads of Beam's that lose their worker from printing that, while the block runs."""
    before = threading.excepthook

    def tell(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, grpc.RpcError):
            before(args)

    threading.excepthook = tell
    try:
        yield
    finally:
        threading.excepthook = before
