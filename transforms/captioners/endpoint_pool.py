"""The endpoints of one service: shares the load among them, and pauses those that fail."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Endpoint:
    """One address of the service; the pool keeps its state here, under a lock."""

    url: str
    requests: int = 0
    """Requests under way."""
    paused_until: float = 0.0
    failures: int = 0
    """Pauses since the last success."""


class EndpointPool:
    """Gives the endpoint with the fewest requests under way, for all threads together.

    An endpoint that failed is paused for ``first_pause`` seconds, then for twice as long, and so
    on, up to ``longest_pause``; or for as long as it asks for.
    """

    longest_pause = 60.0

    def __init__(self, urls: Sequence[str], first_pause: float = 1.0) -> None:
        self._endpoints = [Endpoint(url) for url in urls]
        self._first_pause = first_pause
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._error: Exception | None = None
        self.successes = 0
        """Requests that succeeded, at all endpoints."""

    @contextmanager
    def endpoint(self) -> Iterator[Endpoint]:
        """Give the endpoint for a request; wait until one is not paused.

        Raises the error that the pool was closed with.
        """
        endpoint = self._choose()
        while not isinstance(endpoint, Endpoint):
            self._closed.wait(endpoint)
            endpoint = self._choose()
        try:
            yield endpoint
        finally:
            with self._lock:
                endpoint.requests -= 1

    def wait(self, failures: int) -> None:
        """Wait before the next attempt at a request that failed ``failures`` times."""
        self._closed.wait(min(self._first_pause * 2 ** (failures - 1), self.longest_pause))

    def close(self, error: Exception) -> None:
        """Raise ``error`` in every thread that waits for an endpoint, or asks for one later."""
        self._error = error
        self._closed.set()

    def succeeded(self, endpoint: Endpoint) -> None:
        """Record that an endpoint has answered."""
        with self._lock:
            self.successes += 1
            endpoint.failures = 0

    def failed(self, endpoint: Endpoint, pause: float | None = None) -> None:
        """Pause an endpoint for ``pause`` seconds, or for twice as long as the last time.

        Requests that were under way when a pause began do not make it longer.
        """
        with self._lock:
            now = time.monotonic()
            if pause is None and endpoint.paused_until > now:
                return
            growing = self._first_pause * 2 ** min(endpoint.failures, 16)
            seconds = min(growing, self.longest_pause) if pause is None else pause
            endpoint.failures += 1
            endpoint.paused_until = max(endpoint.paused_until, now + seconds)

    def _choose(self) -> Endpoint | float:
        """Return the endpoint for a request, or the seconds until there may be one."""
        with self._lock:
            if self._error is not None:
                raise self._error
            now = time.monotonic()
            ready = [endpoint for endpoint in self._endpoints if endpoint.paused_until <= now]
            if not ready:
                return min(endpoint.paused_until for endpoint in self._endpoints) - now
            least_busy = min(ready, key=lambda endpoint: endpoint.requests)
            least_busy.requests += 1
            return least_busy
