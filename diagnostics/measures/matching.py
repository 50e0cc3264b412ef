"""Which text belongs to which image."""

import numpy as np
import numpy.typing as npt

from .vectors import Vectors, Whole, as_array, size_of


def image_of_each_text(
    image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None
) -> Whole:
    """Return the row of the image that each text belongs to; without ``text_to_image`` its own.

    Raises ValueError where dimensions differ, or a text has no image.
    """
    images, texts = size_of(image), size_of(text)
    if images[1] != texts[1]:
        raise ValueError(
            f"image has {images[1]} dimensions and text {texts[1]}: they must be of one model"
        )
    if text_to_image is None:
        if images[0] != texts[0]:
            raise ValueError(
                f"{images[0]} images and {texts[0]} texts: "
                "text_to_image must give the image of each text"
            )
        return np.arange(texts[0])
    matches = as_array(text_to_image)
    if matches.shape != (texts[0],) or matches.dtype.kind not in "iu":
        raise ValueError(
            f"text_to_image must be {texts[0]} whole numbers, one for each text, "
            f"not an array of shape {matches.shape} and type {matches.dtype}"
        )
    wrong = np.flatnonzero((matches < 0) | (matches >= images[0]))
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(f"text {at} belongs to image {matches[at]}, of {images[0]}")
    return matches.astype(np.int64)


def first_texts(matches: Whole) -> tuple[Whole, Whole]:
    """Return the images that have a text, and the first text of each."""
    images, texts = np.unique(matches, return_index=True)
    return images, texts
