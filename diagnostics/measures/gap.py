"""The modality gap: how far apart images and texts lie, and which dimensions drive it.

L2M, L2I and RMG are those of Schrodi et al., "Two Effects, One Trigger" (ICLR 2025); alignment is
Wang and Isola's (2020). Vectors are scaled to unit length first. Where an image has several texts,
it is repeated for each wherever pairs are compared, and only there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .matching import image_of_each_text
from .vectors import Matrix, Vectors, Whole, WithoutDimensions, mean_vector, unit_parts, unit_rows

Weights = npt.NDArray[np.float64] | npt.NDArray[np.uint8]
"""How often each image counts, one row for each set of weights; shape: sets, images."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The distances between images and texts."""

    l2m: float
    """``|| mean x - mean y ||``."""
    l2i: float
    """``mean_i || x_i - y_i ||`` over pairs."""
    rmg: float
    """``M / (M + (I + T) / 2)`` with the mean of ``d(u, v) = (1 - cos(u, v)) / 2`` over pairs (M),
    over different images (I) and over different texts (T). 0: the two of a pair coincide; 0.5: they
    are as far apart as two random images. Not a number where all vectors are the same."""
    alignment: float
    """``mean_i || x_i - y_i ||^2`` over pairs."""


def measure_gap(image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None) -> Gap:
    """Return the distances between images and texts, read once."""
    matches = image_of_each_text(image, text, text_to_image)
    sums = sum_pairs(image, text, matches, np.ones((1, image.shape[0])))
    l2m, l2i, rmg, alignment = (float(values[0]) for values in sums.distances())
    return Gap(l2m, l2i, rmg, alignment)


def l2m(image: Vectors, text: Vectors) -> float:
    """Return the distance between the mean image and the mean text, 0 to 2."""
    return float(np.linalg.norm(mean_vector(image) - mean_vector(text)))


def l2i(image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None) -> float:
    """Return the mean distance between the image and the text of a pair, 0 to 2."""
    return measure_gap(image, text, text_to_image).l2i


def rmg(image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None) -> float:
    """Return the relative modality gap, 0 to 1.

    Raises ValueError if there are fewer than two images or texts.
    """
    for vectors, name in ((image, "image"), (text, "text")):
        if vectors.shape[0] < 2:
            raise ValueError(f"the relative modality gap needs two {name}s at least, not 1")
    return measure_gap(image, text, text_to_image).rmg


def alignment(image: Vectors, text: Vectors, text_to_image: npt.ArrayLike | None = None) -> float:
    """Return the mean squared distance between the image and the text of a pair, 0 to 4."""
    return measure_gap(image, text, text_to_image).alignment


@dataclass(frozen=True, slots=True)
class PairSums:
    """Sums over pairs, one row for each set of weights of the images."""

    image: "ModalitySums"
    text: "ModalitySums"
    apart: Matrix
    """Sum of the distances of pairs."""
    apart_squared: Matrix

    def distances(self) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Return L2M, L2I, RMG and alignment for each set of weights."""
        pairs = self.text.weight
        l2m = np.linalg.norm(self.image.mean - self.text.mean, axis=1)
        alignment = self.apart_squared / pairs
        matched = alignment / 4
        within = (self.image.dissimilarity + self.text.dissimilarity) / 2
        with np.errstate(invalid="ignore"):
            return l2m, self.apart / pairs, matched / (matched + within), alignment


@dataclass(frozen=True, slots=True)
class ModalitySums:
    """Weighted sums of one modality's unit vectors, one row for each set of weights."""

    total: Matrix
    weight: Matrix
    weight_squared: Matrix

    @property
    def mean(self) -> Matrix:
        return self.total / self.weight[:, np.newaxis]

    @property
    def dissimilarity(self) -> Matrix:
        """``(1 - cos) / 2``, the mean over different vectors: a vector drawn twice is no pair."""
        together = np.einsum("ij,ij->i", self.total, self.total) - self.weight_squared
        pairs = self.weight**2 - self.weight_squared
        cosine = np.divide(together, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        dissimilarity: Matrix = np.maximum(0, (1 - cosine) / 2)
        return dissimilarity


def sum_pairs(image: Vectors, text: Vectors, matches: Whole, weights: Weights) -> PairSums:
    """Sum over images and pairs, once for each row of ``weights``, whose columns are images."""
    images = _sum(unit_parts(image), weights, image.shape[1])
    total, squared = np.zeros((len(weights), image.shape[1])), np.zeros((2, len(weights)))
    apart = np.zeros((2, len(weights)))
    for rows, part in unit_parts(text):
        weight = weights[:, matches[rows]].astype(np.float64)
        total += weight @ part
        squared += weight.sum(axis=1), (weight**2).sum(axis=1)
        part -= unit_rows(image, matches[rows])
        squares = np.einsum("ij,ij->i", part, part)
        apart += weight @ np.sqrt(squares), weight @ squares
    return PairSums(images, ModalitySums(total, *squared), *apart)


def _sum(parts: Iterator[tuple[slice, Matrix]], weights: Weights, dimensions: int) -> ModalitySums:
    total, squared = np.zeros((len(weights), dimensions)), np.zeros((2, len(weights)))
    for rows, part in parts:
        weight = weights[:, rows].astype(np.float64)
        total += weight @ part
        squared += weight.sum(axis=1), (weight**2).sum(axis=1)
    return ModalitySums(total, *squared)


def gap_by_dimension(image: Vectors, text: Vectors) -> Matrix:
    """Return ``|mean x - mean y|`` of every dimension, in the order of the dimensions."""
    return np.abs(mean_vector(image) - mean_vector(text))


def without_largest(
    image: Vectors, text: Vectors, count: int
) -> tuple[WithoutDimensions, WithoutDimensions]:
    """Return images and texts without the ``count`` dimensions in which their means differ most.

    Measures scale what is left to unit length again. Of equal dimensions the first goes first.
    Raises ValueError if no dimension would be left.
    """
    return _without(image, text, gap_by_dimension(image, text), count)


def _without(
    image: Vectors, text: Vectors, apart: Matrix, count: int
) -> tuple[WithoutDimensions, WithoutDimensions]:
    if not 0 <= count < len(apart):
        raise ValueError(f"cannot leave out {count} of {len(apart)} dimensions")
    kept = np.sort(np.argsort(-apart, kind="stable")[count:])
    return WithoutDimensions(image, kept), WithoutDimensions(text, kept)


def ablate(
    image: Vectors,
    text: Vectors,
    counts: Sequence[int],
    text_to_image: npt.ArrayLike | None = None,
) -> list[Gap]:
    """Return the gap that is left without the first, first two, ... of those dimensions."""
    apart = gap_by_dimension(image, text)
    return [measure_gap(*_without(image, text, apart, k), text_to_image) for k in counts]
