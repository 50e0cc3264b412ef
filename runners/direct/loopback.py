"""Beam's servers for the workers of this machine, open to this machine only.

They have no authentication and unpickle what they receive; Beam binds them to all interfaces.
"""

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from apache_beam.runners.portability.fn_api_runner import worker_handlers

LOOPBACK = "127.0.0.1"


@contextmanager
def loopback_servers() -> Iterator[None]:
    """Bind the servers that Beam's FnApiRunner starts in the block to ``LOOPBACK``.

    The addresses are constants in Beam's code, so its name for the module grpc is replaced.
    """
    worker_handlers.grpc = types.SimpleNamespace(**{**vars(grpc), "server": _server})
    try:
        yield
    finally:
        worker_handlers.grpc = grpc


def _server(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as grpc.server
    server = grpc.server(*arguments, **options)
    bind = server.add_insecure_port
    server.add_insecure_port = lambda address: bind(f"{LOOPBACK}:{address.rpartition(':')[2]}")
    return server
