"""What a captioner is: a model, wherever it runs, that says what images show."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PIL import Image


class Captioner(Protocol):
    """A captioning model that is ready to be used.

    ``model``, ``revision`` and ``prompt`` are recorded with every caption; one that agrees in all
    three is never made twice.
    """

    model: str
    revision: str
    prompt: str

    def caption(self, images: Sequence[Image.Image]) -> list[str]:
        """Return one caption for each RGB image, in order.

        Raises MemoryError, or an error of the device's own that ``is_out_of_memory`` knows, if the
        batch is too large for the device.
        """


LoadCaptioner = Callable[[], Captioner]
"""Loads a captioner in the worker that will use it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether ``error`` says that a batch was too large; it names no torch class."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
