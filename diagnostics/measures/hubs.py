"""Hubness: whether a few vectors are neighbours of very many (Radovanovic et al., 2010)."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import skew

from .similarities import Block, rounding_of, similarity_rows
from .vectors import Matrix, Vectors, size_of

NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Hubness:
    """How unevenly the vectors of a gallery are found."""

    skewness: float
    """Of ``N_k`` over the gallery: 0 where all are found alike, more where there are hubs."""
    anti_hubs: float
    """The share of the gallery that is nobody's neighbour, ``N_k = 0``."""


def hubness(queries: Vectors, gallery: Vectors, k: int = NEIGHBOURS) -> Hubness:
    """Return how unevenly the ``k`` nearest of each query are spread over the gallery."""
    counts = occurrences(queries, gallery, k)
    even = np.allclose(counts, counts[0])
    return Hubness(0.0 if even else float(skew(counts)), float(np.mean(counts == 0)))


def occurrences(queries: Vectors, gallery: Vectors, k: int = NEIGHBOURS) -> Matrix:
    """Return ``N_k``: for how many queries each of the gallery is among the ``k`` nearest.

    Those that are equally near share the places that are left for them. The cost is quadratic: take
    a sample of large sets. Raises ValueError if the gallery has no more than ``k``.
    """
    size, _ = size_of(gallery)
    if not 0 < k < size:
        raise ValueError(f"k must be between 1 and {size - 1}, the others there are, not {k}")
    margin = rounding_of(queries, gallery)
    counts = np.zeros(size)
    for _, block in similarity_rows(queries, gallery):
        counts += _places(block, k, margin)
    return counts


def _places(similarities: Block, k: int, margin: float) -> Matrix:
    """Return how many of the ``k`` places of all rows each column has."""
    last = np.partition(similarities, -k, axis=1)[:, -k, np.newaxis]
    above = similarities > last + similarities.dtype.type(margin)
    equal = (similarities >= last - similarities.dtype.type(margin)) & ~above
    share = (k - above.sum(axis=1)) / equal.sum(axis=1)
    places: Matrix = above.sum(axis=0) + share @ equal
    return places
