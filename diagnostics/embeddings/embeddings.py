"""The embeddings of a model, with what is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schemas.errors import UsageError
from ..measures.labels import read_labels, require_rows
from ..measures.matching import image_of_each_text
from ..measures.vectors import Selected, Vectors, Whole, as_array, size_of

Array = npt.NDArray[Any]

OPTIONAL = (
    "text_to_image",
    "object",
    "attribute",
    "temperature",
    "object_prompts",
    "attribute_prompts",
    "short",
    "foil",
)
"""What a file may hold beside ``image`` and ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """Images and texts of one model."""

    image: Vectors
    """One row an image."""
    text: Vectors
    """One row a text."""
    matches: Whole
    """The row of the image of each text."""
    object: Array | None = None
    """The object of each image, or a boolean matrix."""
    attribute: Array | None = None
    """The attribute of each image, or a boolean matrix where there are several."""
    temperature: float | None = None
    """What the model divides similarities by."""
    object_prompts: Vectors | None = None
    """A text for each object; ``object`` gives its row."""
    attribute_prompts: Vectors | None = None
    """A text for each attribute; ``attribute`` gives its row."""
    short: Vectors | None = None
    """A short true text for each image."""
    foil: Vectors | None = None
    """The same with one wrong detail."""
    left_out: int = 0
    """Rows of the source without an image or a text."""
    ignored: tuple[str, ...] = ()
    """What else the source holds."""

    def of_images(self, images: Whole) -> "Embeddings":
        """Return some images, given in ascending order, with their texts; nothing is read."""
        number = np.full(size_of(self.image)[0], -1)
        number[images] = np.arange(len(images))
        texts = np.flatnonzero(number[self.matches] >= 0)
        return replace(
            self,
            image=Selected(self.image, images),
            text=Selected(self.text, texts),
            matches=number[self.matches[texts]],
            object=None if self.object is None else self.object[images],
            attribute=None if self.attribute is None else self.attribute[images],
            short=None if self.short is None else Selected(self.short, images),
            foil=None if self.foil is None else Selected(self.foil, images),
        )

    def in_memory(self) -> "Embeddings":
        """Return the same, read."""
        return replace(
            self,
            image=as_array(self.image[:]),
            text=as_array(self.text[:]),
            short=None if self.short is None else as_array(self.short[:]),
            foil=None if self.foil is None else as_array(self.foil[:]),
        )


def embeddings_of(arrays: Mapping[str, Any], name: str) -> Embeddings:
    """Return embeddings from arrays by name, checked against each other.

    Raises UsageError, with the name of the source and of the array, where they do not fit.
    """
    missing = [array for array in ("image", "text") if array not in arrays]
    if missing:
        there = ", ".join(map(_printable, arrays)) or "nothing"
        raise UsageError(f"{name} has no array {missing[0]}: it holds {there}")
    known = {array: arrays[array] for array in OPTIONAL if array in arrays}
    try:
        checked = _check(arrays["image"], arrays["text"], known)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error
    ignored = [array for array in arrays if array not in ("image", "text", "left_out", *OPTIONAL)]
    return Embeddings(
        **checked, left_out=arrays.get("left_out", 0), ignored=tuple(map(_printable, ignored))
    )


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def _check(image: Vectors, text: Vectors, known: dict[str, Any]) -> dict[str, Any]:
    matches = image_of_each_text(image, text, known.pop("text_to_image", None))
    if "temperature" in known:
        known["temperature"] = _one_number(as_array(known["temperature"]))
    for name in ("object", "attribute"):
        if name in known:
            known[name] = as_array(known[name])
            _named(name, lambda values: require_rows(read_labels(values), image.shape[0]), known)
    for name in ("short", "foil"):
        if name in known and tuple(known[name].shape) != tuple(image.shape):
            raise ValueError(f"{name} must have the shape of image, not {tuple(known[name].shape)}")
    for name in ("object_prompts", "attribute_prompts"):
        if name in known and size_of(known[name])[1] != image.shape[1]:
            raise ValueError(f"{name} must have {image.shape[1]} dimensions")
    return {"image": image, "text": text, "matches": matches, **known}


def _named(name: str, check: Any, known: dict[str, Any]) -> None:  # noqa: ANN401 - a function
    try:
        check(known[name])
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def _one_number(values: Array) -> float:
    different = np.unique(values)
    if len(different) != 1 or not np.isfinite(different[0]) or different[0] <= 0:
        raise ValueError("temperature must be one number above 0")
    return float(different[0])
