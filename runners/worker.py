"""``evenpair-worker``: a worker of a Beam engine, on any host with evenpair, without Docker.

It is the boot program of Beam's PROCESS environment, which takes one executable. Engines start it
with the worker's id and their endpoints; some give only the provision endpoint, which names the
others.
"""

import argparse
import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from ..schemas.errors import UsageError
from .addresses import is_loopback, split_address

_SECONDS = 30
GRACE_SECONDS = 5.0
"""How long a worker may take to keep what is paid for when it is to end."""

_ENDPOINTS = ("control", "logging", "artifact", "provision")
_LIBRARIES = ("OMP", "OPENBLAS", "MKL")
_UNLIMITED = [("grpc.max_receive_message_length", -1)]


def main() -> None:
    """Become a worker of the engine that started this, or a pool that starts workers on demand."""
    arguments = parse(sys.argv[1:])
    if arguments.pool:
        serve(arguments.pool)
    else:
        become_worker(environment_from(fetch_provision(arguments), arguments))


def serve(address: str) -> None:
    """Serve a pool at ``address`` that starts workers with this Python, whatever PATH holds."""
    from .worker_pool import serve_pool

    serve_pool(address, [sys.executable, "-P", "-m", __spec__.name])


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line of an engine; unknown arguments are ignored."""
    parser = argparse.ArgumentParser("evenpair-worker", description=__doc__)
    parser.add_argument("--id", default="", type=_unquoted, help="The engine's id of this worker.")
    for name in _ENDPOINTS:
        parser.add_argument(f"--{name}_endpoint", default="", type=_unquoted, metavar="HOST:PORT")
    parser.add_argument(
        "--pool",
        type=_address,
        metavar="HOST:PORT",
        help="Serve a pool for Beam's EXTERNAL environment there instead of being a worker.",
    )
    parser.add_argument(
        "--open-to-network",
        action="store_true",
        help="Allow --pool an address that other hosts can reach: they can run code here by it.",
    )
    arguments = parser.parse_known_args(words)[0]
    if not arguments.pool and not (arguments.id and arguments.provision_endpoint):
        parser.error("engines start it, with --id and --provision_endpoint")
    if arguments.pool and not (arguments.open_to_network or is_loopback(arguments.pool)):
        parser.error(
            f"--pool {arguments.pool}: whoever reaches that address can run code here; give "
            "localhost:PORT, or add --open-to-network if only the engine's hosts reach it"
        )
    return arguments


def _address(text: str) -> str:
    try:
        split_address(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _unquoted(text: str) -> str:
    """Return ``text`` without the quotation marks that Prism puts around a worker's id."""
    return text.strip("'\"")


def fetch_provision(arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - Beam ships no types
    """Fetch the job's options and endpoints from the engine."""
    import grpc
    from apache_beam.portability.api import beam_provision_api_pb2 as messages
    from apache_beam.portability.api import beam_provision_api_pb2_grpc as services

    with grpc.insecure_channel(arguments.provision_endpoint, _UNLIMITED) as channel:
        service = services.ProvisionServiceStub(channel)
        response = service.GetProvisionInfo(
            messages.GetProvisionInfoRequest(),
            metadata=[("worker_id", arguments.id)],
            timeout=_SECONDS,
            wait_for_ready=True,
        )
    return response.info


def environment_from(info: Any, arguments: argparse.Namespace) -> dict[str, str]:  # noqa: ANN401
    """Return the environment variables that Beam's worker reads its job from."""
    from apache_beam.portability.api import endpoints_pb2
    from google.protobuf import json_format, text_format

    def descriptor(name: str) -> str:
        url = getattr(info, f"{name}_endpoint").url or getattr(arguments, f"{name}_endpoint", "")
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=url)
        return text_format.MessageToString(endpoint) if url else ""

    variables = {
        "WORKER_ID": arguments.id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
        "CONTROL_API_SERVICE_DESCRIPTOR": descriptor("control"),
        "LOGGING_API_SERVICE_DESCRIPTOR": descriptor("logging"),
        "STATUS_API_SERVICE_DESCRIPTOR": descriptor("status"),
    }
    return {name: value for name, value in variables.items() if value}


def become_worker(environment: Mapping[str, str]) -> None:
    """Become Beam's worker with the variables of ``environment``, until the engine ends it."""
    os.environ.update(environment)
    use_one_thread()
    signal.signal(signal.SIGTERM, _end)
    _die_with_parent()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


def use_one_thread() -> None:
    """Limit the numeric libraries that this process imports later to one thread."""
    for library in _LIBRARIES:
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def end_process() -> None:
    """End this process from a thread: by its exit functions, or soon without them."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _end(number: int, _frame: FrameType | None) -> None:
    """Run the exit functions, which keep answers that are paid for, and end; no bundle goes on."""
    atexit._run_exitfuncs()
    os._exit(128 + number)


def _die_with_parent(seconds: float = 0.5) -> None:
    """End this process when its parent is gone, even in the middle of a bundle."""
    parent = os.getppid()
    never = threading.Event()

    def watch() -> None:
        while not never.wait(seconds):
            if os.getppid() != parent:
                end_process()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
