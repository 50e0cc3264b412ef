"""What an encoder is: a frozen model that turns images, captions or both into vectors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from ...schemas.run_tables import RunTable
from ..captioners.find_model import ModelRole

Vector = npt.NDArray[np.float32]
"""An embedding of length 1."""


class Encodes(StrEnum):
    """What an encoder is asked for; each has its own folder in a run's ``embeddings``."""

    BOTH = "similarity"  # images and captions in one space, so that they can be compared
    IMAGES = "image"
    TEXTS = "text"

    @property
    def role(self) -> ModelRole:
        """The role of the model that encodes."""
        return _ROLES[self]


_ROLES = {
    Encodes.BOTH: ModelRole.SIMILARITY_MODEL,
    Encodes.IMAGES: ModelRole.IMAGE_ENCODER,
    Encodes.TEXTS: ModelRole.TEXT_ENCODER,
}
_TABLES = {
    Encodes.BOTH: RunTable.SIMILARITY_VECTORS,
    Encodes.IMAGES: RunTable.IMAGE_VECTORS,
    Encodes.TEXTS: RunTable.TEXT_VECTORS,
}


@dataclass(frozen=True, slots=True)
class EncodedBy:
    """What is encoded, and by which model: vectors that agree in all are never computed twice."""

    encodes: Encodes
    model: str
    revision: str

    @property
    def table(self) -> RunTable:
        """The table of the run that holds the vectors."""
        return _TABLES[self.encodes]

    @property
    def reads_images(self) -> bool:
        """Whether it asks for more than captions."""
        return self.encodes is not Encodes.TEXTS

    @property
    def reads_texts(self) -> bool:
        """Whether it asks for more than images."""
        return self.encodes is not Encodes.IMAGES


class Encoder(Protocol):
    """An encoder that is ready to be used. Vectors are the same alone as among others."""

    by: EncodedBy
    batch_size: int
    """Images, or captions, in one call."""

    def prepare(self, images: Sequence[Image.Image]) -> Any:  # noqa: ANN401 - the model's own input
        """Return what ``encode_images`` takes for RGB ``images``; called on threads, ahead."""

    def encode_images(self, prepared: Any) -> list[Vector]:  # noqa: ANN401 - what prepare returned
        """Return the vector of each image, in order.

        Raises an error that ``is_out_of_memory`` knows if there are too many for the device.
        """

    def encode_texts(self, texts: Sequence[str]) -> list[Vector]:
        """Return the vector of each text, in order; what a model has no place for is cut off."""


LoadEncoder = Callable[[], Encoder]
"""Loads an encoder in the worker that will use it."""
