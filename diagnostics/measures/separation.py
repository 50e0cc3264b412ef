"""Linear separability: whether a plane tells images from texts (Fahim, Murphy and Fyshe, 2024)."""

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
    images, texts = first_texts(image_of_each_text(image, text, text_to_image))
    if len(images) < 2:
        raise ValueError("separability needs two pairs at least, not 1")
    order = np.random.default_rng(seed).permutation(len(images))
    x = unit_rows(image, images[order]).astype(np.float32)
    y = unit_rows(text, texts[order]).astype(np.float32)
    folds = np.arange(len(order)) % min(FOLDS, len(order))
    right = sum(_right(x, y, folds == fold) for fold in np.unique(folds))
    return right / (2 * len(order))


def _right(x: Singles, y: Singles, held_out: Flags) -> int:
    """Return how many vectors of the held-out pairs are told right."""
    fitted = LogisticRegression(max_iter=1000)
    fitted.fit(*_labelled(x[~held_out], y[~held_out]))
    vectors, labels = _labelled(x[held_out], y[held_out])
    return int((fitted.predict(vectors) == labels).sum())


def _labelled(x: Singles, y: Singles) -> tuple[Singles, Whole]:
    return np.concatenate([x, y]), np.repeat([0, 1], [len(x), len(y)])
