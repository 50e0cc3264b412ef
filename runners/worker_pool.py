"""A pool for Beam's EXTERNAL environment: it starts workers on this host on request.

One pool serves one engine process: the engine chooses the ids of workers, and every task manager of
Flink counts from 1-1.
"""

import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2 as messages
from apache_beam.portability.api import beam_fn_api_pb2_grpc as services

_PATIENCE_SECONDS = 10


def serve_pool(address: str, command: Sequence[str]) -> None:
    """Serve a pool at ``address`` that starts ``command``, until SIGTERM or SIGINT."""
    import grpc

    pool = WorkerPool(command)
    server = grpc.server(ThreadPoolExecutor())
    services.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.add_insecure_port(address)
    server.start()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.stop(None)
    pool.stop_all()


class WorkerPool(services.BeamFnExternalWorkerPoolServicer):
    """The worker processes on this host, by id."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def StartWorker(self, request: Any, context: object) -> Any:  # noqa: ANN401, N802 - Beam's name
        """Start a worker. An id that is running is refused: another engine process uses it."""
        with self._lock:
            before = self._workers.get(request.worker_id)
            if before is not None and before.poll() is None:
                error = f"worker {request.worker_id} is running: one pool serves one engine process"
                return messages.StartWorkerResponse(error=error)
            self._workers[request.worker_id] = subprocess.Popen(
                [*self._command, *_arguments(request)], stdin=subprocess.DEVNULL
            )
        return messages.StartWorkerResponse()

    def StopWorker(self, request: Any, context: object) -> Any:  # noqa: ANN401, N802 - Beam's name
        """Stop a worker, if there is one of that id."""
        with self._lock:
            worker = self._workers.pop(request.worker_id, None)
        if worker is not None:
            _stop(worker)
        return messages.StopWorkerResponse()

    def stop_all(self) -> None:
        """Stop every worker."""
        with self._lock:
            workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            _stop(worker)


def _arguments(request: Any) -> list[str]:  # noqa: ANN401 - Beam ships no types
    endpoints = ("control", "logging", "artifact", "provision")
    return [
        f"--id={request.worker_id}",
        *(f"--{name}_endpoint={getattr(request, f'{name}_endpoint').url}" for name in endpoints),
    ]


def _stop(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
