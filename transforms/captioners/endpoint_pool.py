"""Several endpoints of one service: which to ask next, and how long to leave one alone."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Endpoint:
    """One address of the service; its counts are the pool's."""

    url: str
    at_work: int = 0
    paused_until: float = 0.0
    failures: int = 0
    """Pauses since the last success."""


class EndpointPool:
    """Endpoints that share the load: the one with the least to do is asked next.

    One that failed is left alone for ``first_pause`` seconds, then for twice as many, and so on; a
    pause that it asks for itself is kept. All of this holds for all threads.
    """

    longest_pause = 60.0

    def __init__(self, urls: Sequence[str], first_pause: float = 1.0) -> None:
        self._endpoints = [Endpoint(url) for url in urls]
        self._first_pause = first_pause
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._error: Exception | None = None
        self.successes = 0
        """How many requests succeeded, at whichever endpoint."""

    @contextmanager
    def endpoint(self) -> Iterator[Endpoint]:
        """Give the endpoint to ask, as soon as one is not to be left alone.

        Raises what the pool was closed with.
        """
        taken = self._take()
        while not isinstance(taken, Endpoint):
            self._closed.wait(taken)
            taken = self._take()
        try:
            yield taken
        finally:
            with self._lock:
                taken.at_work -= 1

    def wait(self, failures: int) -> None:
        """Wait before the next attempt at a request that failed so many times."""
        self._closed.wait(min(self._first_pause * 2 ** (failures - 1), self.longest_pause))

    def close(self, error: Exception) -> None:
        """Let every thread that waits or comes raise ``error``."""
        self._error = error
        self._closed.set()

    def succeeded(self, endpoint: Endpoint) -> None:
        """Note that an endpoint has answered."""
        with self._lock:
            self.successes += 1
            endpoint.failures = 0

    def failed(self, endpoint: Endpoint, pause: float | None = None) -> None:
        """Leave an endpoint alone: for the pause that it asks for, or longer each time.

        What was under way when the pause began does not make it longer.
        """
        with self._lock:
            now = time.monotonic()
            if pause is None and endpoint.paused_until > now:
                return
            growing = self._first_pause * 2 ** min(endpoint.failures, 16)
            seconds = min(growing, self.longest_pause) if pause is None else pause
            endpoint.failures += 1
            endpoint.paused_until = max(endpoint.paused_until, now + seconds)

    def _take(self) -> Endpoint | float:
        """Return the endpoint to ask, or the seconds until there may be one."""
        with self._lock:
            if self._error is not None:
                raise self._error
            now = time.monotonic()
            free = [endpoint for endpoint in self._endpoints if endpoint.paused_until <= now]
            if not free:
                return min(endpoint.paused_until for endpoint in self._endpoints) - now
            chosen = min(free, key=lambda endpoint: endpoint.at_work)
            chosen.at_work += 1
            return chosen
