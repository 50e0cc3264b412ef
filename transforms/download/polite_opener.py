"""Limits -> an opener for urllib that bounds responses, and the requests to one host at a time.

img2dataset requests images through urllib. It bounds neither the size nor the time of a response,
sends as many requests to one host as it has threads, and connects to any address; the opener is the
place to bound them.
"""

import http.client
import io
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from .public_addresses import connect_publicly, require_public

_HEADER_BYTES = 1 << 20
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest size and time of an image, the requests to one host, and which hosts."""

    max_bytes: int
    max_seconds: float
    requests_per_host: int
    private_addresses: bool = False
    """Whether addresses may be requested that are not public."""


@cache
def polite_opener(limits: Limits) -> urllib.request.OpenerDirector:
    """Return the opener of this process, in which all threads share the limit of a host.

    It opens http and https only, so that a list of urls cannot read this machine's files.
    """
    opener = urllib.request.OpenerDirector()
    hosts = _Hosts(limits.requests_per_host)
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        _PoliteHttp(limits, hosts),
        _PoliteHttps(limits, hosts),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


class _Hosts:
    """The places for requests of each host; those of a host without requests are dropped."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._hosts: WeakValueDictionary[str, threading.Semaphore] = WeakValueDictionary()

    def of(self, url: str) -> threading.Semaphore:
        host = urlsplit(url).hostname or ""
        with self._lock:
            return self._hosts.setdefault(host, threading.Semaphore(self._places))


class _Response(http.client.HTTPResponse):
    """A response with limits, which raises an error beyond them and frees its place when closed."""

    _free: Callable[[], None] | None = None

    def __init__(self, limits: Limits, sock: socket.socket, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self._limits = limits
        self.fp = io.BufferedReader(_Bounded(self.fp.detach(), limits))

    def begin(self) -> None:
        super().begin()
        if self.length is not None and self.length > self._limits.max_bytes:
            raise _too_large(self._limits)

    def hold(self, place: threading.Semaphore) -> None:
        """Free ``place`` when the response is closed."""
        self._free = place.release

    def close(self) -> None:
        super().close()
        free, self._free = self._free, None
        if free is not None:
            free()


class _Bounded(io.RawIOBase):
    """The bytes of a response, headers included. Raises OSError beyond the limits."""

    def __init__(self, raw: io.RawIOBase, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._left = limits.max_bytes + _HEADER_BYTES
        self._end = time.monotonic() + limits.max_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        if time.monotonic() > self._end:
            raise TimeoutError(f"not done after {self._limits.max_seconds:g} seconds")
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise _too_large(self._limits)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def _too_large(limits: Limits) -> OSError:
    return OSError(f"more than {limits.max_bytes} bytes")


class _Polite(urllib.request.AbstractHTTPHandler):
    """A handler that waits for a place at a public host. Bodies of error responses are not read.

    Redirects come through it like first requests.
    """

    def __init__(self, limits: Limits, hosts: _Hosts) -> None:
        super().__init__()
        self._limits = limits
        self._hosts = hosts

    def do_open(self, http_class: Any, req: urllib.request.Request, **arguments: Any) -> Any:  # noqa: ANN401
        def connect(host: str, **more: Any) -> http.client.HTTPConnection:
            connection: http.client.HTTPConnection = http_class(host, **more)
            connection.response_class = partial(_Response, self._limits)  # type: ignore[assignment]
            if not (self._limits.private_addresses or is_proxied):
                connection._create_connection = connect_publicly  # type: ignore[attr-defined]
            return connection

        is_proxied = req.has_proxy() or bool(getattr(req, "_tunnel_host", None))
        if is_proxied and not self._limits.private_addresses:
            _require_public(req.full_url)
        place = self._hosts.of(req.full_url)
        place.acquire()
        try:
            response: Any = super().do_open(connect, req, **arguments)
        except BaseException:
            place.release()
            raise
        response.hold(place)
        if response.status not in _SUCCESS:
            response.close()
        return response


def _require_public(url: str) -> None:
    parts = urlsplit(url)
    try:
        require_public(parts.hostname or "", parts.port or 0)
    except OSError as error:
        raise urllib.error.URLError(error) from error


class _PoliteHttp(_Polite, urllib.request.HTTPHandler):
    pass


class _PoliteHttps(_Polite, urllib.request.HTTPSHandler):
    pass
