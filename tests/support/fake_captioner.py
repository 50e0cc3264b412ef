"""A captioner without a model, and images for it."""

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from PIL import Image

from evenpair.transforms.captioners.captioner import Answer, Asked

ME = Asked("me", "1", "")


class FakeCaptioner:
    """Answers with the size of an image; fails on some sizes and on batches that are too large."""

    def __init__(
        self,
        batch_size: int = 4,
        calls: int = 1,
        most: int = 10**6,
        fails_on: Iterable[tuple[int, int]] = (),
    ) -> None:
        self.asked, self.batch_size, self.calls = ME, batch_size, calls
        self._most, self._fails_on = most, set(fails_on)
        self.batches: list[Any] = []
        self._lock = threading.Lock()

    def prepare(self, images: Sequence[Image.Image]) -> list[tuple[int, int]]:
        return [image.size for image in images]

    def caption(self, prepared: list[tuple[int, int]]) -> list[Answer]:
        with self._lock:
            self.batches.append(prepared)
        if len(prepared) > self._most:
            raise MemoryError
        if self._fails_on & set(prepared):
            raise ValueError("an image that the model fails on")
        return [Answer(f"{width} x {height}") for width, height in prepared]


def png(width: int, height: int = 1) -> bytes:
    """Return a picture of this size."""
    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, "PNG")
    return stream.getvalue()


def images(widths: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Yield pictures of these widths with keys k0, k1, ..."""
    for at, width in enumerate(widths):
        yield f"k{at}", png(width)


def texts(windows: Iterable[Iterable[tuple[str, Answer]]]) -> list[dict[str, str | None]]:
    """Return the texts of the answers in each window by key."""
    return [{key: answer.text for key, answer in window} for window in windows]
