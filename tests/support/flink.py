"""A small server that answers as the REST interface of a Flink cluster does."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

FIXED_DELAY = {"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": "6 s"}
SMALL_RESULTS = {"taskmanager.network.sort-shuffle.min-buffers": "32"}
MANAGERS = ({"host": "10.0.0.1", "slots": 2}, {"host": "10.0.0.2", "slots": 1})
HERE = ({"host": "localhost", "slots": 1},)
NETWORK_BYTES = 134_217_730
"""The network memory of a task manager with ``taskmanager.memory.process.size: 1728m``."""


def _manager(manager: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{manager['host']}:4711-a",
        "path": f"pekko.tcp://flink@{manager['host']}:4711/user/rpc/taskmanager_0",
        "slotsNumber": manager["slots"],
        "memoryConfiguration": {"networkMemory": manager.get("network", NETWORK_BYTES)},
    }


@contextmanager
def cluster(
    managers: Sequence[Mapping[str, Any]] = MANAGERS, version: str = "1.20.5", **config: str
) -> Iterator[str]:
    """Answer as a cluster of ``managers`` does, the fields as Flink 1.20.5 gives them."""
    slots = sum(manager["slots"] for manager in managers)
    answers = {
        "/overview": {"flink-version": version, "slots-total": slots},
        "/taskmanagers": {"taskmanagers": [_manager(manager) for manager in managers]},
        "/jobmanager/config": [{"key": key, "value": value} for key, value in config.items()],
    }

    class Rest(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(answers[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("localhost", 0), Rest)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
