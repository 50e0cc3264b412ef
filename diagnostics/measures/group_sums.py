"""Sums of unit vectors, one for each group of rows."""

import numpy as np
from scipy.sparse import csr_array

from .vectors import Matrix, Vectors, Whole, size_of, unit_parts


def group_sums(
    vectors: Vectors, group_of_row: Whole, groups: int, weights: Matrix | None = None
) -> Matrix:
    """Return the weighted sum of each group's unit vectors; shape: groups, dimensions."""
    sums = np.zeros((groups, size_of(vectors)[1]))
    for rows, part in unit_parts(vectors):
        weight = np.ones(len(part)) if weights is None else weights[rows]
        index = (group_of_row[rows], np.arange(len(part)))
        sums += csr_array((weight, index), shape=(groups, len(part))) @ part
    return sums
