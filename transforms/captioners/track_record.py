"""The successes and failures of a model in one process, which tell whether to go on asking it."""

import threading

from ...schemas.errors import EvenpairError, first_line

_MAX_FAILURES = 16
"""After so many failures in a row the model may be at fault, rather than the images."""


class TrackRecord:
    """Counts the images that a model has answered, and its failures since the last answer.

    Failures end the work when there are 16 in a row, and either no image was ever answered or the
    failures are more than ``max_share`` of all images so far.
    """

    def __init__(self, max_share: float = 0.0, answered: int = 0) -> None:
        self._max_share = max_share
        self._answered = answered
        self._failed = 0
        self._lock = threading.Lock()
        self.last_error = ""
        """The first line of the latest failure's message."""

    def known(self, count: int) -> None:
        """Count images that were answered earlier."""
        with self._lock:
            self._answered += count

    def succeeded(self, count: int) -> None:
        """Count images that were answered now."""
        with self._lock:
            self._answered += count
            self._failed = 0

    def failed(self, name: str, error: Exception) -> None:
        """Count a failure of the model ``name``. Raises EvenpairError if it was one too many."""
        with self._lock:
            self._failed += 1
            self.last_error = first_line(error)
            is_most = self._failed > self._max_share * (self._answered + self._failed)
            if self._failed >= _MAX_FAILURES and (is_most or not self._answered):
                raise EvenpairError(
                    f"model {name!r} failed on {self._failed} images in a row: {self.last_error}"
                ) from error
