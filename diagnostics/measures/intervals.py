"""Bootstrap intervals: how much a figure owes to which images there happen to be."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .gap import sum_pairs
from .matching import image_of_each_text
from .vectors import Matrix, Vectors, Whole

RESAMPLES, LEVEL = 200, 0.95

Interval = tuple[float, float]
Draws = npt.NDArray[np.uint8]


def resample(images: int, resamples: int = RESAMPLES, seed: int = 0) -> Draws:
    """Return how often each image is drawn in each resample; shape: resamples, images."""
    generator = np.random.default_rng(seed)
    drawn = np.empty((resamples, images), np.uint8)
    for row in drawn:
        counts = np.bincount(generator.integers(images, size=images), minlength=images)
        row[:] = np.minimum(counts, 255)
    return drawn


def interval(values: Matrix, level: float = LEVEL) -> Interval:
    """Return the percentile interval of what resamples gave; those that gave none are left out."""
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_interval(
    values: Matrix, image_of_value: Whole, drawn: Draws, level: float = LEVEL
) -> Interval:
    """Return the interval of a mean over images or texts, which are drawn with their image."""
    images = drawn.shape[1]
    sums = np.bincount(image_of_value, values, images)
    counts = np.bincount(image_of_value, minlength=images)
    return interval(drawn @ sums / (drawn @ counts.astype(np.float64)), level)


def gap_intervals(
    image: Vectors,
    text: Vectors,
    drawn: Draws,
    text_to_image: npt.ArrayLike | None = None,
    level: float = LEVEL,
) -> dict[str, Interval]:
    """Return the intervals of ``l2m``, ``l2i``, ``rmg`` and ``alignment``."""
    matches = image_of_each_text(image, text, text_to_image)
    figures = sum_pairs(image, text, matches, drawn).distances()
    names = ("l2m", "l2i", "rmg", "alignment")
    return {name: interval(values, level) for name, values in zip(names, figures, strict=True)}


def bootstrap(statistic: Callable[[Matrix], float], drawn: Draws, level: float = LEVEL) -> Interval:
    """Return the interval of a statistic of weights of images, such as ``moad`` takes them."""
    return interval(np.array([statistic(row.astype(np.float64)) for row in drawn]), level)
