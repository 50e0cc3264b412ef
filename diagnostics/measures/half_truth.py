"""Half-truths: whether one wrong detail in a caption is noticed (arXiv 2602.23906)."""

import numpy as np

from .vectors import Matrix, Vectors, size_of, unit_parts, unit_rows


def half_truth_hits(image: Vectors, true: Vectors, half_true: Vectors) -> Matrix:
    """Return 1 for each image that is nearer to its true text than to the half-true one, else 0.

    Equally near is 0.5. Raises ValueError if there is not one text of each kind for each image.
    """
    sizes = [size_of(vectors) for vectors in (image, true, half_true)]
    if len(set(sizes)) > 1:
        raise ValueError(f"images, true and half-true texts differ in shape: {sizes}")
    hits = np.empty(sizes[0][0])
    for rows, part in unit_parts(image):
        difference = unit_rows(true, rows) - unit_rows(half_true, rows)
        hits[rows] = (np.sign(np.einsum("ij,ij->i", part, difference)) + 1) / 2
    return hits
