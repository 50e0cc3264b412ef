"""Beam's job server for Flink, a jar that Java runs on this machine during a command."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from apache_beam.options.pipeline_options import JobServerOptions, PipelineOptions
from apache_beam.runners.portability.flink_runner import FlinkJarJobServer

from ...schemas.errors import EvenpairError, UsageError

_PATIENCE_SECONDS = 120
_POLL_SECONDS = 0.5


@contextmanager
def serve_jobs(options: PipelineOptions) -> Iterator[str]:
    """Run the job server that ``options`` describe and give its job endpoint.

    Raises UsageError if there is no Java, EvenpairError if the jar cannot be downloaded or does not
    start.
    """
    with tempfile.TemporaryDirectory(prefix="evenpair-") as folder:
        command, endpoint = _command(options, folder)
        log = Path(folder, "log")
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_for(endpoint, server, log)
            yield endpoint
        finally:
            server.terminate()
            server.wait()


def _command(options: PipelineOptions, folder: str) -> tuple[list[str], str]:
    server = options.view_as(JobServerOptions)
    server.job_server_java_launcher = find_java(server.job_server_java_launcher)
    server.artifacts_dir = server.artifacts_dir or folder
    try:
        command, endpoint = FlinkJarJobServer(options).subprocess_cmd_and_endpoint()
    except (OSError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise EvenpairError(
            f"Beam's job server for Flink cannot be downloaded ({reason}): download its jar on "
            "another machine and give --flink-job-server-jar, or start it and give --job-endpoint"
        ) from error
    return [*map(str, command), "--job-host", "localhost"], endpoint


def find_java(launcher: str = "java") -> str:
    """Return the path of Java. Raises UsageError if there is none."""
    home = os.environ.get("JAVA_HOME")
    path = shutil.which(launcher) or (home and shutil.which(os.path.join(home, "bin", launcher)))
    if not path:
        raise UsageError(
            f"{launcher} is not installed: Beam's job server for Flink needs Java 11 or newer; "
            "install it, or give the --job-endpoint of a server elsewhere"
        )
    return path


def _wait_for(endpoint: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    with grpc.insecure_channel(endpoint) as channel:
        ready = grpc.channel_ready_future(channel)
        for _ in range(int(_PATIENCE_SECONDS / _POLL_SECONDS)):
            try:
                ready.result(_POLL_SECONDS)
            except grpc.FutureTimeoutError:
                if server.poll() is None:
                    continue
                break
            return
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    reason = f": {lines[-1].strip()}" if lines else ""
    raise EvenpairError(f"Beam's job server for Flink does not start{reason}")
