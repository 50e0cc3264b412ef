"""Whether images and texts order classes alike (Schrodi et al., ICLR 2025)."""

import numpy as np
import numpy.typing as npt
from scipy.stats import kendalltau

from .group_sums import group_sums
from .labels import Labels, require_rows, single_labels
from .matching import image_of_each_text
from .vectors import Matrix, Vectors, size_of

SHUFFLES = 20


def neighbourhood_distance(
    image: Vectors,
    text: Vectors,
    classes: npt.ArrayLike | Labels,
    text_to_image: npt.ArrayLike | None = None,
) -> float:
    """Return how differently images and texts rank the classes around each class.

    For each class the others are ranked by mean cosine, of images and of texts; the normalised
    Kendall distance of the two rankings, 0 for the same, 0.5 for unrelated and 1 for opposite
    ones, is averaged. Classes without an image or a text are left out. Raises ValueError if there
    are fewer than three.
    """
    return _distance(*_class_similarities(image, text, classes, text_to_image))


def random_neighbourhood_distance(
    image: Vectors,
    text: Vectors,
    classes: npt.ArrayLike | Labels,
    text_to_image: npt.ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """Return the same distance for classes of texts in random order: the mean of twenty orders."""
    images, texts = _class_similarities(image, text, classes, text_to_image)
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(len(texts)) for _ in range(SHUFFLES)]
    return float(np.mean([_distance(images, texts[np.ix_(order, order)]) for order in orders]))


def _class_similarities(
    image: Vectors,
    text: Vectors,
    classes: npt.ArrayLike | Labels,
    text_to_image: npt.ArrayLike | None,
) -> tuple[Matrix, Matrix]:
    """Return the mean cosines of each two classes, of images and of texts."""
    matches = image_of_each_text(image, text, text_to_image)
    labels = require_rows(single_labels(classes), size_of(image)[0])
    groups = labels.set_of_row, labels.set_of_row[matches]
    counts = [np.bincount(group, minlength=labels.count) for group in groups]
    there = np.minimum(*counts) > 0
    if there.sum() < 3:
        raise ValueError(f"neighbourhoods need three classes at least, not {there.sum()}")
    means = [
        (group_sums(vectors, group, labels.count)[there] / count[there, np.newaxis])
        for vectors, group, count in zip((image, text), groups, counts, strict=True)
    ]
    return means[0] @ means[0].T, means[1] @ means[1].T


def _distance(images: Matrix, texts: Matrix) -> float:
    others = ~np.eye(len(images), dtype=bool)
    taus = [
        kendalltau(x[other], y[other]).statistic
        for x, y, other in zip(images, texts, others, strict=True)
    ]
    return float(np.mean((1 - np.nan_to_num(taus)) / 2))
