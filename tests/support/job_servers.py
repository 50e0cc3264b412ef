"""A Beam job server to test against: Prism, where it is built, or one that is named."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apache_beam
import grpc
import pytest

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
