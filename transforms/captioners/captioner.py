"""What a captioner is: a model, wherever it runs, that says what images show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ...schemas.fault import Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one image, or the fault that kept anything from being said.

    ``is_cut`` tells whether the model was stopped before it came to an end, None that nobody knows.
    """

    text: str | None
    fault: Fault | None = None
    is_cut: bool | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked, and what: answers that agree in all three are never asked for twice."""

    model: str
    revision: str
    prompt: str


Said = TypeVar("Said")
"""What a model says of one thing: an answer, or a vector."""


class Model(Protocol[Said]):
    """A model that is ready to be used, and is fed with one batch after the other."""

    asked: Asked
    """What is recorded with everything that it says."""
    batch_size: int
    """Images in one call."""
    calls: int
    """Calls at the same time."""

    def prepare(self, images: Sequence[Any]) -> Any:  # noqa: ANN401 - the model's own input
        """Return what ``caption`` takes for RGB ``images``; called on threads, ahead of it."""

    def caption(self, prepared: Any) -> list[Said]:  # noqa: ANN401 - what prepare returned
        """Return what is said of each image, in order; the same alone as among others.

        Raises MemoryError, or an error of the device's own that ``is_out_of_memory`` knows, if
        there are too many images for the device.
        """


class Captioner(Model[Answer], Protocol):
    """A model that says what images show."""

    device: str
    """What it runs on, as torch calls it; ``service`` where that is not ours."""


LoadCaptioner = Callable[[], Captioner]
"""Loads a captioner in the worker that will use it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether ``error`` says that a batch was too large; it names no torch class."""
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
