"""Object bias: do objects shape a space more than attributes? (Schrodi et al., ICLR 2025)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .group_sums import group_sums
from .labels import Flags, Labels, read_labels, require_rows
from .vectors import Matrix, Vectors, size_of, slices

Pooling = Literal["pairs", "attributes"]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Mean cosines of pairs of rows; not a number where there are no such pairs."""

    same: float
    """Of pairs that share a label."""
    other: float
    """Of pairs that share none."""

    @property
    def difference(self) -> float:
        return self.same - self.other


def moad(
    vectors: Vectors,
    objects: npt.ArrayLike | Labels,
    attributes: npt.ArrayLike | Labels,
    weights: Matrix | None = None,
    pooling: Pooling = "pairs",
) -> float:
    """Return the matching object attribute distance: ``(s_o+ - s_o-) - (s_a+ - s_a-)``.

    ``s+`` is the mean cosine of different rows that share the object (the attribute), ``s-`` that
    of rows that do not, pooled over all pairs. Above 0, objects shape the space more than
    attributes do. Rows with several attributes share one if they have any in common; with pooling
    ``attributes``, that of the authors' code, such rows count once for each two of their
    attributes, as the same or as others. ``weights`` repeat rows; a row is no pair with itself.
    Not a number where all pairs share, or none does.
    """
    object_contrast = contrast(vectors, objects, weights, pooling)
    return object_contrast.difference - contrast(vectors, attributes, weights, pooling).difference


def contrast(
    vectors: Vectors,
    labels: npt.ArrayLike | Labels,
    weights: Matrix | None = None,
    pooling: Pooling = "pairs",
) -> Contrast:
    """Return the mean cosine of rows that share a label, and of those that do not."""
    read = require_rows(read_labels(labels), size_of(vectors)[0])
    weight = np.ones(len(read)) if weights is None else weights
    sums = group_sums(vectors, read.set_of_row, read.count, weight)
    counts, itself = (
        np.bincount(read.set_of_row, values, read.count).astype(np.float64)
        for values in (weight, weight**2)
    )
    pooled = _by_attributes if pooling == "attributes" and read.sets is not None else _by_pairs
    cosines, pairs = pooled(read, sums, itself), pooled(read, counts[:, np.newaxis], itself)
    return Contrast(*(_ratio(c, n) for c, n in zip(cosines, pairs, strict=True)))


def _ratio(cosines: float, pairs: float) -> float:
    return cosines / pairs if pairs > 0.5 else float("nan")


def _by_pairs(labels: Labels, sums: Matrix, itself: Matrix) -> tuple[float, float]:
    """Return the products of rows that share a label, and of all others; none with itself."""
    total = sums.sum(axis=0)
    if labels.sets is None:
        same = float(np.vdot(sums, sums) - itself.sum())
    else:
        same = _shared(labels.sets, sums) - float(itself[labels.sets.any(axis=1)].sum())
    return same, float(total @ total - itself.sum()) - same


def _shared(sets: Flags, sums: Matrix) -> float:
    flags = sets.astype(np.float32)
    shared = 0.0
    for rows in slices(len(sets), max(1, _PRODUCTS // len(sets))):
        products = sums[rows] @ sums.T
        shared += float(products[flags[rows] @ flags.T > 0].sum())
    return shared


_PRODUCTS = 1 << 23


def _by_attributes(labels: Labels, sums: Matrix, itself: Matrix) -> tuple[float, float]:
    """Return the products of rows over all pairs of their labels: equal ones, and others."""
    flags = np.asarray(labels.sets, np.float64)
    degree = flags.sum(axis=1)
    by_label = flags.T @ sums
    total = by_label.sum(axis=0)
    same = float(np.vdot(by_label, by_label) - degree @ itself)
    return same, float(total @ total - degree**2 @ itself) - same
