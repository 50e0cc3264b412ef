"""The interface of captioners and other models that are fed with batches of images or texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ...schemas.fault import Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """A captioner's text for one image, or the fault for which there is none.

    ``is_cut`` tells whether the model was stopped at its limit of tokens; None if that is unknown.
    """

    text: str | None
    fault: Fault | None = None
    is_cut: bool | None = None


@dataclass(frozen=True, slots=True)
class CaptionerId:
    """Who captions: an image that has an answer of the same captioner is not captioned again."""

    model: str
    revision: str
    prompt: str


Output = TypeVar("Output")
"""The output of a model for one image or text: an answer, or a vector."""


class Model(Protocol[Output]):
    """A loaded model that is fed with one batch after the other."""

    name: str
    """The model's name, for messages."""
    batch_size: int
    """Images in one call."""
    calls: int
    """Calls at the same time."""

    def prepare(self, images: Sequence[Any]) -> Any:  # noqa: ANN401 - the model's own input
        """Return the input of ``caption`` for RGB ``images``; called ahead of it, on threads."""

    def caption(self, prepared: Any) -> list[Output]:  # noqa: ANN401 - what prepare returned
        """Return the output for each image, in order; it does not depend on the other images.

        Raises MemoryError, or the device's own error that ``is_out_of_memory`` recognises, if there
        are too many images for the device.
        """


class Captioner(Model[Answer], Protocol):
    """A model that captions images."""

    captioner_id: CaptionerId
    """Recorded with every answer."""
    device: str
    """The device, as torch names it; ``service`` for a captioner behind an endpoint."""


LoadCaptioner = Callable[[], Captioner]
"""Loads a captioner in the worker that will use it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether ``error`` means that a batch was too large; torch is not imported for it."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
