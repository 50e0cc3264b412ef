"""Images -> what a captioner says of them; what it cannot bear costs the image concerned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...schemas.errors import EvenpairError
from ...schemas.fault import Fault
from .captioner import Answer, Model, is_out_of_memory

_Said = TypeVar("_Said")

_GIVE_UP_AFTER = 16
"""So many images in a row without an answer are no fault of the images."""


@dataclass(slots=True)
class Question:
    """Images of one call, with what the captioner made of them ahead of it."""

    images: Sequence[Any]
    prepared: Any = None
    error: Exception | None = None


def prepare_question(images: Sequence[Any], captioner: Model[Any]) -> Question:
    """Prepare ``images``; what that raises is kept for when they are asked about."""
    try:
        return Question(images, captioner.prepare(images))
    except EvenpairError:
        raise
    except Exception as error:  # what a model's own code raises depends on the images
        return Question(images, error=error)


class Asker(Generic[_Said]):
    """Asks a captioner, and remembers how many images it bears at once.

    Whatever else is asked in batches is asked in the same way: an encoder, of images or of texts.
    """

    def __init__(self, captioner: Model[_Said]) -> None:
        self._captioner = captioner
        self._most = captioner.batch_size
        self._failed = 0

    def ask(self, question: Question) -> list[_Said | Answer]:
        """Return an answer for each image of ``question``, in order.

        Too many for the device are halved until they fit, and no more are asked at once from then
        on. An image that raises alone has a fault. Raises EvenpairError if every image does.
        """
        images = question.images
        if len(images) > self._most:
            return self._ask_parts(images, self._most)
        try:
            if question.error is not None:
                raise question.error
            answers: list[_Said | Answer] = [*self._captioner.caption(question.prepared)]
        except EvenpairError:
            raise
        except Exception as error:  # see prepare_question
            failed = error
        else:
            self._failed = 0
            return answers
        half = len(images) // 2
        if is_out_of_memory(failed):
            self._most = max(1, half)
        if half:
            failed.__traceback__ = None  # it holds what fills the device
            return self._ask_parts(images, half)
        return [self._failure(failed)]

    def _ask_parts(self, images: Sequence[Any], size: int) -> list[_Said | Answer]:
        answers: list[_Said | Answer] = []
        for start in range(0, len(images), size):
            part = prepare_question(images[start : start + size], self._captioner)
            answers += self.ask(part)
        return answers

    def _failure(self, error: Exception) -> Answer:
        self._failed += 1
        if self._failed >= _GIVE_UP_AFTER:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise EvenpairError(
                f"model {self._captioner.asked.model!r} fails whatever it is asked: {said[0]}"
            ) from error
        return Answer(None, Fault.MODEL_FAILED)
