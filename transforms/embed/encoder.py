"""The interface of encoders: frozen models that turn images, captions or both into vectors."""

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
"""An embedding: one axis, length 1."""


class Modality(StrEnum):
    """What an encoder reads. Each has a folder of its own in a run's ``embeddings``."""

    BOTH = "similarity"  # images and captions in one space, so that they can be compared
    IMAGES = "image"
    TEXTS = "text"

    @property
    def role(self) -> ModelRole:
        """The role of the model that encodes."""
        return _ROLES[self]


_ROLES = {
    Modality.BOTH: ModelRole.SIMILARITY_MODEL,
    Modality.IMAGES: ModelRole.IMAGE_ENCODER,
    Modality.TEXTS: ModelRole.TEXT_ENCODER,
}
_TABLES = {
    Modality.BOTH: RunTable.SIMILARITY_VECTORS,
    Modality.IMAGES: RunTable.IMAGE_VECTORS,
    Modality.TEXTS: RunTable.TEXT_VECTORS,
}


@dataclass(frozen=True, slots=True)
class EncoderId:
    """What is encoded and by which model: equal ids make equal vectors, which are made once."""

    encodes: Modality
    model: str
    revision: str

    @property
    def table(self) -> RunTable:
        """The table of the run that holds the vectors."""
        return _TABLES[self.encodes]

    @property
    def reads_images(self) -> bool:
        """Whether it encodes images."""
        return self.encodes is not Modality.TEXTS

    @property
    def reads_texts(self) -> bool:
        """Whether it encodes captions."""
        return self.encodes is not Modality.IMAGES


class Encoder(Protocol):
    """A loaded encoder. The vector of an input does not depend on the others of its batch."""

    encoder_id: EncoderId
    """Recorded with every vector."""
    batch_size: int
    """Images, or captions, in one call."""

    def prepare(self, images: Sequence[Image.Image]) -> Any:  # noqa: ANN401 - the model's own input
        """Return the input of ``encode_images`` for RGB ``images``; called ahead, on threads."""

    def encode_images(self, prepared: Any) -> list[Vector]:  # noqa: ANN401 - what prepare returned
        """Return the vector of each image, in order.

        Raises an error that ``is_out_of_memory`` recognises if there are too many for the device.
        """

    def encode_texts(self, texts: Sequence[str]) -> list[Vector]:
        """Return the vector of each text, in order; texts are cut off at the model's length."""


LoadEncoder = Callable[[], Encoder]
"""Loads an encoder in the worker that will use it."""
