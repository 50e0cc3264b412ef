"""Accuracy: whether the text nearest to an image is one of its own class."""

import numpy as np
import numpy.typing as npt

from .group_sums import group_sums
from .labels import Labels, read_labels, require_rows
from .matching import image_of_each_text
from .similarities import similarity_rows
from .vectors import Matrix, Selected, Vectors, as_array, size_of


def class_hits(
    image: Vectors,
    text: Vectors,
    classes: npt.ArrayLike | Labels,
    text_to_image: npt.ArrayLike | None = None,
) -> Matrix:
    """Return 1 for each image that is nearest to the mean text of a class of its own, else 0.

    Of an image with several classes, as a boolean matrix gives them, any is right.
    """
    matches = image_of_each_text(image, text, text_to_image)
    labels = require_rows(read_labels(classes), size_of(image)[0])
    means = group_sums(text, labels.set_of_row[matches], labels.count)
    if labels.sets is not None:
        means = labels.sets.T.astype(np.float64) @ means
    return _hits(image, means, labels)


def prompt_hits(
    image: Vectors,
    prompts: Vectors,
    classes: npt.ArrayLike | Labels,
) -> Matrix:
    """Return 1 for each image that is nearest to a prompt of its own, else 0.

    ``classes`` are rows of ``prompts``; the columns of a boolean matrix are these rows in order.
    Raises ValueError where a class has no prompt.
    """
    found = as_array(classes)
    count = size_of(prompts)[0]
    if found.ndim == 1:
        if found.dtype.kind not in "iu" or not ((found >= 0) & (found < count)).all():
            raise ValueError(f"classes must be numbers of the {count} prompts")
        labels = Labels(found.astype(np.int64), None, count)
    else:
        labels = read_labels(found)
        if found.shape[1] != count:
            raise ValueError(f"{found.shape[1]} classes and {count} prompts")
    return _hits(image, prompts, require_rows(labels, size_of(image)[0]))


def _hits(image: Vectors, classes: Vectors, labels: Labels) -> Matrix:
    """Return whether the nearest class is right; a class without a direction is never nearest."""
    there = np.flatnonzero(np.abs(as_array(classes[:])).max(axis=1) > 0)
    hits = np.empty(size_of(image)[0])
    for rows, block in similarity_rows(image, Selected(classes, there)):
        nearest = there[block.argmax(axis=1)]
        sets = labels.set_of_row[rows]
        hits[rows] = sets == nearest if labels.sets is None else labels.sets[sets, nearest]
    return hits
