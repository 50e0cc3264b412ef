"""Images -> a model's outputs; an image that the model fails on gets a fault, the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ...schemas.errors import EvenpairError
from ...schemas.fault import Fault
from .captioner import Answer, Model, is_out_of_memory
from .track_record import TrackRecord

_Output = TypeVar("_Output")


@dataclass(slots=True)
class Question:
    """The images of one call, and their prepared input or the error of preparing it."""

    images: Sequence[Any]
    prepared: Any = None
    error: Exception | None = None


def prepare_question(images: Sequence[Any], captioner: Model[Any]) -> Question:
    """Prepare ``images``; an error is kept, for ``Asker.ask`` to handle."""
    try:
        return Question(images, captioner.prepare(images))
    except EvenpairError:
        raise
    except Exception as error:  # a model's own code may raise anything
        return Question(images, error=error)


class Asker(Generic[_Output]):
    """Asks a captioner, or an encoder, and learns how many images fit into one call."""

    def __init__(self, captioner: Model[_Output], record: TrackRecord | None = None) -> None:
        self._captioner = captioner
        self._batch_size = captioner.batch_size
        self._record = TrackRecord() if record is None else record

    def ask(self, question: Question) -> list[_Output | Answer]:
        """Return an output for each image of ``question``, in order.

        If a call fails it is repeated with half of the images, down to single ones; after an
        out-of-memory error later calls stay that small. An image that fails alone gets an answer
        with a fault. Raises EvenpairError when TrackRecord counts too many of these.
        """
        images = question.images
        if len(images) > self._batch_size:
            return self._ask_parts(images, self._batch_size)
        try:
            if question.error is not None:
                raise question.error
            outputs: list[_Output | Answer] = [*self._captioner.caption(question.prepared)]
        except EvenpairError:
            raise
        except Exception as error:  # see prepare_question
            failure = error
        else:
            self._record.succeeded(len(outputs))
            return outputs
        half = len(images) // 2
        if is_out_of_memory(failure):
            self._batch_size = max(1, half)
        if half:
            failure.__traceback__ = None  # it refers to the tensors that fill the device
            return self._ask_parts(images, half)
        return [self._fail(failure)]

    def _ask_parts(self, images: Sequence[Any], size: int) -> list[_Output | Answer]:
        outputs: list[_Output | Answer] = []
        for start in range(0, len(images), size):
            part = prepare_question(images[start : start + size], self._captioner)
            outputs += self.ask(part)
        return outputs

    def _fail(self, error: Exception) -> Answer:
        self._record.failed(self._captioner.name, error)
        return Answer(None, Fault.MODEL_FAILED)
