"""A captioning service on this machine that fails as a test wants it to."""

import base64
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from PIL import Image

from .loopback import serving


def completion(text: Any, reason: str | None = "stop", **message: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    return json.dumps({"choices": [choice]}).encode()


DRIPS = {
    "drip status": (b"", b"H", 0.05),
    "drip headers": (b"HTTP/1.1 200 OK\r\n", b"X", 0.05),
    "drip chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0", 0.05),
    "drip body": (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b" ", 0.05),
    "drip a body without an end": (b"HTTP/1.1 200 OK\r\n\r\n", b" ", 0.05),
    "continue for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.001),
}
"""The start of a reply, the bytes that follow for ever, and the pause after each."""


@dataclass
class Service:
    """The plans of a service, each of which is used once, and the requests that it has had.

    A plan is a status, a body and headers, or the name of a failure. Without a plan the answer is
    the size of the image; ``by_width`` has plans for images of one width, which are used each time.
    """

    plans: list[Any] = field(default_factory=list)
    by_width: dict[int, Any] = field(default_factory=dict)
    models: Any = (200, {"data": [{"id": "m"}]}, {})
    seconds: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    lists: int = 0
    """How often the list of models was requested."""
    greeting: bytes = b""
    """What it sends at once on each connection, before a drip of bytes."""
    waited_for: int = 0
    """Replies that drip whose end the client has waited for."""
    at_work: int = 0
    most_at_work: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serve(**options: Any) -> Iterator[Service]:
    """Run a service on loopback while the block runs."""
    service = Service(**options)
    handler = type("Handler", (_Handler,), {"service": service})
    with serving(handler) as address:
        service.url = f"{address}/v1"
        yield service


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.service.lists += 1
        status, body, headers = self.service.models
        self._reply(status, json.dumps(body).encode(), headers)

    def do_POST(self) -> None:
        service = self.service
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        width, height = _size(body)
        with service.lock:
            service.asked.append({**body, "width": width})
            service.keys.append(self.headers["Authorization"])
            service.times.append(time.monotonic())
            service.at_work += 1
            service.most_at_work = max(service.most_at_work, service.at_work)
            plan = service.by_width.get(width) or (service.plans.pop(0) if service.plans else None)
        try:
            time.sleep(service.seconds)
            self._follow(plan, completion(f"{width} x {height}"))
        finally:
            with service.lock:
                service.at_work -= 1

    def _follow(self, plan: Any, answer: bytes) -> None:
        if plan is None:
            self._reply(200, answer, {})
        elif plan == "close":
            self.close_connection = True
        elif plan == "break off":
            self._start(200, len(answer), {})
            self.wfile.write(answer[: len(answer) // 2])
            self.close_connection = True
        elif plan == "dribble":
            self._start(200, len(answer), {})
            for at in range(len(answer)):
                time.sleep(0.05)
                self.wfile.write(answer[at : at + 1])
        elif isinstance(plan, str) and plan in DRIPS:
            self._drip(*DRIPS[plan])
        elif plan == "stay":
            time.sleep(30)
        elif plan == "hang":
            time.sleep(2)
            self.close_connection = True
        else:
            self._reply(*plan)

    def _drip(self, start: bytes, piece: bytes, seconds: float) -> None:
        """Send the same bytes again and again, until the client has enough."""
        self.close_connection = True
        self.wfile.write(start)
        for _ in range(int(5 / seconds)):
            self.wfile.write(piece)
            time.sleep(seconds)
        self.service.waited_for += 1

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._start(status, len(body), headers)
        self.wfile.write(body)

    def _start(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            if self.service.greeting:
                self._drip(self.service.greeting, b"\0", 0.05)
            super().handle()


def _size(body: dict[str, Any]) -> tuple[int, int]:
    url = body["messages"][0]["content"][0]["image_url"]["url"]
    content = base64.b64decode(url.removeprefix("data:image/jpeg;base64,"))
    return Image.open(io.BytesIO(content)).size
