"""``evenpair-worker``: makes a host that has evenpair a worker of a Beam engine, without Docker.

It is the boot program of Beam's PROCESS environment, which takes one executable. Engines call it
with the worker's id and with where to reach them; some name only the provision endpoint, which
knows the rest.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..schemas.errors import UsageError
from .addresses import split_address

_SECONDS = 30
_ENDPOINTS = ("control", "logging", "artifact", "provision")
_LIBRARIES = ("OMP", "OPENBLAS", "MKL")
_UNLIMITED = [("grpc.max_receive_message_length", -1)]


def main() -> None:
    """Become a worker of the engine that called, or a pool that starts workers on demand."""
    given = parse(sys.argv[1:])
    if given.pool:
        serve(given.pool)
    else:
        become_worker(environment_from(fetch_provision(given), given))


def serve(address: str) -> None:
    """Serve a pool at ``address`` whose workers have this very Python, whatever the path holds."""
    from .worker_pool import serve_pool

    serve_pool(address, [sys.executable, "-P", "-m", __spec__.name])


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what an engine says; what it says besides is passed over."""
    parser = argparse.ArgumentParser("evenpair-worker", description=__doc__)
    parser.add_argument("--id", default="", type=_unquoted, help="The engine's name for it.")
    for name in _ENDPOINTS:
        parser.add_argument(f"--{name}_endpoint", default="", type=_unquoted, metavar="HOST:PORT")
    parser.add_argument(
        "--pool",
        type=_address,
        metavar="HOST:PORT",
        help="Serve a pool for Beam's EXTERNAL environment there, instead of being a worker.",
    )
    given = parser.parse_known_args(arguments)[0]
    if not given.pool and not (given.id and given.provision_endpoint):
        parser.error("engines start it, with --id and --provision_endpoint")
    return given


def _address(text: str) -> str:
    try:
        split_address(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _unquoted(text: str) -> str:
    """Return ``text`` without the quotation marks that Prism puts around a worker's id."""
    return text.strip("'\"")


def fetch_provision(given: argparse.Namespace) -> Any:  # noqa: ANN401 - Beam ships no types
    """Ask the engine for the job's options, and for the endpoints that it did not name."""
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2 as messages
    from apache_beam.portability.api import beam_provision_api_pb2_grpc as services

    with grpc.insecure_channel(given.provision_endpoint, _UNLIMITED) as channel:
        service = services.ProvisionServiceStub(channel)
        answer = service.GetProvisionInfo(
            messages.GetProvisionInfoRequest(),
            metadata=[("worker_id", given.id)],
            timeout=_SECONDS,
            wait_for_ready=True,
        )
    return answer.info


def environment_from(info: Any, given: argparse.Namespace) -> dict[str, str]:  # noqa: ANN401
    """Return the variables from which Beam's worker takes what it is to do."""
    from apache_beam.portability.api import endpoints_pb2
    from google.protobuf import json_format, text_format

    def descriptor(name: str) -> str:
        told = getattr(info, f"{name}_endpoint").url or getattr(given, f"{name}_endpoint", "")
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=told)
        return text_format.MessageToString(endpoint) if told else ""

    variables = {
        "WORKER_ID": given.id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
        "CONTROL_API_SERVICE_DESCRIPTOR": descriptor("control"),
        "LOGGING_API_SERVICE_DESCRIPTOR": descriptor("logging"),
        "STATUS_API_SERVICE_DESCRIPTOR": descriptor("status"),
    }
    return {name: value for name, value in variables.items() if value}


def become_worker(environment: Mapping[str, str]) -> None:
    """Become Beam's worker as ``environment`` says, until the engine has no more work."""
    os.environ.update(environment)
    use_one_thread()
    _die_with_parent()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


def use_one_thread() -> None:
    """Keep the libraries that this process will import from using more cores than its own."""
    for library in _LIBRARIES:
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def _die_with_parent(seconds: float = 0.5) -> None:
    """End this process when whoever started it is gone, even in the middle of a bundle."""
    parent = os.getppid()
    never = threading.Event()

    def watch() -> None:
        while not never.wait(seconds):
            if os.getppid() != parent:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
