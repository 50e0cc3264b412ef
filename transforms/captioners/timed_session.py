"""HTTP exchanges with one deadline each, from the connection to the end of the reply.

The timeouts of ``requests`` are for a single read: a server that sends a byte now and then keeps a
client for ever, in the status line, in headers, in ``100 Continue`` or in a reply. Here a timer
shuts the connection down.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """The end of one exchange; the connection that it uses is shut down then."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._own: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._replace(None)

    def watch(self, used: socket.socket) -> None:
        """Shut down the connection of ``used`` at the end. Raises TimeoutError if that is over.

        It is shut down by a duplicate: ``used`` loses its descriptor when TLS wraps it, and is
        closed early where a reply ends with its connection.
        """
        self._replace(socket.socket(fileno=os.dup(used.fileno())))
        if self.is_over:
            raise TimeoutError

    def _replace(self, own: socket.socket | None) -> None:
        with self._lock:
            before, self._own = self._own, own
        if before is not None:
            before.close()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._own is not None:
                with suppress(OSError):
                    self._own.shutdown(socket.SHUT_RDWR)


_DEADLINE: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[Deadline]:
    """Limit the exchange that this thread makes in the block to ``seconds``."""
    with Deadline(seconds) as own:
        token = _DEADLINE.set(own)
        try:
            yield own
        finally:
            _DEADLINE.reset(token)


class _Watched(HTTPConnection):
    """A connection that the deadline of its thread watches."""

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is not None:  # it is kept from an earlier exchange
            self._watch(self.sock)
        super().request(*arguments, **options)

    def _new_conn(self) -> socket.socket:
        fresh = super()._new_conn()
        self._watch(fresh)
        return fresh

    def _watch(self, used: socket.socket) -> None:
        own = _DEADLINE.get()
        if own is not None:
            own.watch(used)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager


def timed_session(connections: int) -> requests.Session:
    """Return a session that keeps ``connections`` to each host, and obeys ``deadline``."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=64, pool_maxsize=connections))
    return session
