"""Linear separability: whether a plane tells images from texts (Fahim, Murphy and Fyshe, 2024)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from .labels import Flags
from .matching import first_texts, image_of_each_text
from .vectors import Vectors, Whole, unit_rows

FOLDS = 5

Singles = npt.NDArray[np.float32]


def separability(
    image: Vectors,
    text: Vectors,
    text_to_image: npt.ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """Return how often a logistic regression tells the images of unseen pairs from the texts.

    0.5: mixed; 1.0: apart. Five folds of pairs, in an order drawn by ``seed``, are judged in turn
    by a regression fitted to the others. Of an image with several texts the first is taken.
    Raises ValueError if there are fewer than two pairs.
    """
    return _separability(image, text, text_to_image, seed, _label)


def centred_separability(
    image: Vectors,
    text: Vectors,
    text_to_image: npt.ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """Return the same after each modality's mean is taken away and vectors are scaled again.

    The means are those of the pairs that a regression is fitted to. With the means of all pairs,
    those held out would lie on the other side of the origin, and be told wrong more often than by
    chance.
    """
    return _separability(image, text, text_to_image, seed, _label_centred)


_Labelled = tuple[Singles, Whole]
_Split = Callable[[Singles, Singles, Flags], tuple[_Labelled, _Labelled]]


def _separability(
    image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None, seed: int, split: _Split
) -> float:
    images, texts = first_texts(image_of_each_text(image, text, text_to_image))
    if len(images) < 2:
        raise ValueError("separability needs two pairs at least, not 1")
    order = np.random.default_rng(seed).permutation(len(images))
    x = unit_rows(image, images[order]).astype(np.float32)
    y = unit_rows(text, texts[order]).astype(np.float32)
    folds = np.arange(len(order)) % min(FOLDS, len(order))
    right = 0
    for fold in np.unique(folds):
        (vectors, labels), (unseen, expected) = split(x, y, folds == fold)
        fitted = LogisticRegression(max_iter=1000).fit(vectors, labels)
        right += int((fitted.predict(unseen) == expected).sum())
    return right / (2 * len(order))


def _label(x: Singles, y: Singles, held_out: Flags) -> tuple[_Labelled, _Labelled]:
    """Return the vectors to fit to and those to judge, with 0 for images and 1 for texts."""
    fitted, unseen = (
        (np.concatenate([x[rows], y[rows]]), np.repeat([0, 1], rows.sum()))
        for rows in (~held_out, held_out)
    )
    return fitted, unseen


def _label_centred(x: Singles, y: Singles, held_out: Flags) -> tuple[_Labelled, _Labelled]:
    return _label(_centre(x, held_out), _centre(y, held_out), held_out)


def _centre(vectors: Singles, held_out: Flags) -> Singles:
    """Return what the mean of the others leaves, of unit length; zeros where it leaves nothing."""
    moved = vectors - vectors[~held_out].mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    scaled: Singles = moved / np.where(lengths > 0, lengths, 1)
    return scaled
