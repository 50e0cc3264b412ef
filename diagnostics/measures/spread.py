"""Uniformity: how evenly vectors spread over the sphere (Wang and Isola, 2020).

The cross-modal one is that of Fahim, Murphy and Fyshe, "It's Not a Modality Gap" (2024).
"""

import numpy as np
import numpy.typing as npt

from .matching import image_of_each_text
from .similarities import Block, similarity_blocks
from .vectors import Vectors, Whole, size_of, slices, unit_rows


def uniformity(vectors: Vectors) -> float:
    """Return ``log mean_{i < j} exp(-2 || e_i - e_j ||^2)``, -8 to 0; less is more even.

    Raises ValueError if there are fewer than two vectors.
    """
    count, _ = size_of(vectors)
    if count < 2:
        raise ValueError("uniformity needs two vectors at least, not 1")
    total = _potential(vectors, vectors) - count
    return float(np.log(max(total, 0) / (count * (count - 1))))


def cross_uniformity(
    image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None
) -> float:
    """Return ``log mean_{i != j} exp(-2 || x_i - y_j ||^2)`` over texts and images of other pairs.

    Raises ValueError if there are no two pairs.
    """
    matches = image_of_each_text(image, text, text_to_image)
    pairs = size_of(image)[0] * len(matches) - len(matches)
    if not pairs:
        raise ValueError("cross-modal uniformity needs two images at least, not 1")
    total = _potential(image, text) - _potential_of_pairs(image, text, matches)
    return float(np.log(max(total, 0) / pairs))


def _potential(queries: Vectors, gallery: Vectors) -> float:
    """Return the sum of ``exp(-2 || e_i - f_j ||^2)`` over all i and j, the same included."""
    return sum(
        float(gaussian(block).sum(dtype=np.float64))
        for _, blocks in similarity_blocks(queries, gallery)
        for _, block in blocks
    )


def _potential_of_pairs(image: Vectors, text: Vectors, matches: Whole) -> float:
    total = 0.0
    for rows in slices(len(matches), _PAIRS):
        x, y = unit_rows(image, matches[rows]), unit_rows(text, rows)
        total += float(gaussian(np.einsum("ij,ij->i", x, y)).sum())
    return total


_PAIRS = 8192


def gaussian(cosines: Block) -> Block:
    """Return ``exp(-2 || e - f ||^2)`` of unit vectors, from their cosine; changes ``cosines``."""
    cosines *= 4
    cosines -= 4
    return np.exp(cosines, out=cosines)
