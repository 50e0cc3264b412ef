"""A server of images on this machine, some of which it keeps badly."""

import itertools
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from .loopback import serving
from .shards import make_jpeg


@dataclass
class Images:
    """What a server answers: images by number, misbehaviours by name; and what it was asked."""

    url: str = ""
    seconds: Callable[[str], float] = lambda _path: 0.0
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at_work: int = 0
    most_at_work: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serve_images(**options: Any) -> Iterator[Images]:
    """Run a server on loopback while the block runs."""
    images = Images(**options)
    handler = type("Handler", (_Handler,), {"images": images})
    with serving(handler) as images.url:
        try:
            yield images
        finally:
            images.closing.set()


def _png_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


class _Handler(BaseHTTPRequestHandler):
    images: Images

    def log_message(self, *_: Any) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError):
            super().handle()

    def do_GET(self) -> None:
        images, name = self.images, urlsplit(self.path).path.strip("/")
        with images.lock:
            images.asked.append(name)
            images.agents.add(self.headers["User-Agent"])
            images.at_work += 1
            images.most_at_work = max(images.most_at_work, images.at_work)
        time.sleep(images.seconds(name))
        with images.lock:
            images.at_work -= 1  # before the answer, which lets the next request begin
        if name.removesuffix(".jpg").isdigit():
            self._send(make_jpeg(int(name.removesuffix(".jpg")), (40, 30)))
        else:
            getattr(self, f"_{name.replace('-', '_')}")()

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        fields = {"Content_Type": "image/jpeg", "Content_Length": str(len(body)), **headers}
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _gone(self) -> None:
        self._send(b"gone", 404)

    def _broken(self) -> None:
        self._send(b"broken", 500)

    def _refused_at_length(self) -> None:
        self._begin_without_end(403)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _silent(self) -> None:
        self.images.closing.wait(60)

    def _dribbling(self) -> None:
        self.send_response(200)
        self.end_headers()
        self._dribble(b"\xff")

    def _dribbling_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._dribble(b"x")

    def _dribble(self, byte: bytes) -> None:
        while not self.images.closing.wait(0.1):
            self.wfile.write(byte)

    def _endless(self) -> None:
        self._begin_without_end(200)

    def _begin_without_end(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()
        for _ in itertools.takewhile(lambda _: not self.images.closing.is_set(), itertools.count()):
            self.wfile.write(bytes(1 << 16))

    def _huge(self) -> None:
        self._send(make_jpeg(1), Content_Length=str(1 << 40))

    def _moved(self) -> None:
        self._send(b"", 302, Location="/7.jpg")

    def _loop(self) -> None:
        self._send(b"", 302, Location="/loop")

    def _moved_to_a_file(self) -> None:
        self._send(b"", 302, Location="file:///etc/hostname")

    def _longer_than_it_says(self) -> None:
        body = make_jpeg(1, (400, 300))
        self._send(body, Content_Length=str(len(body) // 2))

    def _shorter_than_it_says(self) -> None:
        body = make_jpeg(1)
        self._send(body, Content_Length=str(len(body) + 9))

    def _half(self) -> None:
        body = make_jpeg(1, (400, 300))
        self._send(body[: len(body) // 2])

    def _page(self) -> None:
        self._send(b"<html><body>This image is no longer available.</body></html>")

    def _empty(self) -> None:
        self._send(b"")

    def _bomb(self) -> None:
        header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(9)))
        self._send(b"\x89PNG\r\n\x1a\n" + b"".join(itertools.starmap(_png_chunk, chunks)))

    def _narrow(self) -> None:
        self._send(make_jpeg(1, (400, 20)))

    def _small(self) -> None:
        self._send(make_jpeg(1, (8, 8)))

    def _for_no_ai(self) -> None:
        self._send(make_jpeg(1), X_Robots_Tag="noarchive, NoAI")

    def _not_for_us(self) -> None:
        self._send(make_jpeg(1), X_Robots_Tag="img2dataset: noindex")

    def _not_for_others(self) -> None:
        self._send(make_jpeg(8, (40, 30)), X_Robots_Tag="otherbot: noai")
