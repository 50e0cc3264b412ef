"""Embeddings, read a part at a time as unit vectors in double precision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Rows = slice | Whole
PART_BYTES = 32 << 20


class Vectors(Protocol):
    """Embeddings, one a row: a NumPy array, a torch tensor, or any object with rows to slice."""

    @property
    def shape(self) -> Any:  # noqa: ANN401 - torch.Size or a tuple
        """Rows and dimensions."""
        ...

    def __getitem__(self, rows: Any, /) -> Any:  # noqa: ANN401 - a slice or row numbers
        """Return some of the rows."""
        ...


def as_array(values: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - whatever NumPy or torch holds
    """Return NumPy's view of an array or a tensor, on whatever device and in whatever precision."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
    return np.asarray(values)


def size_of(vectors: Vectors) -> tuple[int, int]:
    """Return the number of rows and of dimensions.

    Raises ValueError if there are no rows, no dimensions, or other than two axes.
    """
    shape = tuple(vectors.shape)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"embeddings must be rows of numbers, not an array of shape {shape}")
    return shape


def unit_rows(vectors: Vectors, rows: Rows) -> Matrix:
    """Return some rows, scaled to unit length.

    Raises ValueError for a row that is not finite, or that is zero and has no direction.
    """
    part: Matrix = as_array(vectors[rows]).astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", part, part))
    if not np.all((lengths > _SMALLEST) & (lengths < _LARGEST)):
        lengths = _scale(vectors, rows, part)
    part /= lengths[:, np.newaxis]
    return part


_SMALLEST, _LARGEST = 1e-150, 1e150
"""Between these the square of a length is a double of full precision."""


def _scale(vectors: Vectors, rows: Rows, part: Matrix) -> Matrix:
    """Divide each row by its largest number, in place, and return the lengths of these."""
    largest = np.abs(part).max(axis=1)
    bad = np.flatnonzero(~(np.isfinite(largest) & (largest > 0)))
    if len(bad):
        numbers = np.arange(size_of(vectors)[0])[rows]
        raise ValueError(f"row {int(numbers[bad[0]])} has no direction: it is zero or not finite")
    part /= largest[:, np.newaxis]
    lengths: Matrix = np.linalg.norm(part, axis=1)
    return lengths


def part_length(dimensions: int) -> int:
    """Return how many rows of doubles a part has."""
    return max(1, PART_BYTES // (8 * dimensions))


def slices(count: int, length: int) -> Iterator[slice]:
    """Cut ``count`` rows into slices of at most ``length``."""
    for start in range(0, count, length):
        yield slice(start, min(start + length, count))


def unit_parts(vectors: Vectors) -> Iterator[tuple[slice, Matrix]]:
    """Yield all rows in order, a part at a time, as unit vectors."""
    count, dimensions = size_of(vectors)
    for rows in slices(count, part_length(dimensions)):
        yield rows, unit_rows(vectors, rows)


def mean_vector(vectors: Vectors) -> Matrix:
    """Return the mean of the unit vectors; shape: dimensions."""
    total: Matrix = sum(part.sum(axis=0) for _, part in unit_parts(vectors))
    return total / size_of(vectors)[0]


@dataclass(frozen=True, slots=True)
class Centred:
    """Unit vectors less their mean; ``unit_rows`` scales what is left to unit length again."""

    vectors: Vectors
    mean: Matrix

    @property
    def shape(self) -> tuple[int, int]:
        return size_of(self.vectors)

    def __getitem__(self, rows: Rows) -> Matrix:
        return unit_rows(self.vectors, rows) - self.mean


@dataclass(frozen=True, slots=True)
class WithoutDimensions:
    """Unit vectors without some of their dimensions, not scaled again."""

    vectors: Vectors
    kept: Whole

    @property
    def shape(self) -> tuple[int, int]:
        return size_of(self.vectors)[0], len(self.kept)

    def __getitem__(self, rows: Rows) -> Matrix:
        kept: Matrix = unit_rows(self.vectors, rows)[:, self.kept]
        return kept


def centred(vectors: Vectors) -> Centred:
    """Return the unit vectors less their mean."""
    return Centred(vectors, mean_vector(vectors))


@dataclass(frozen=True, slots=True)
class Selected:
    """Some of the rows, in any order, repeated or not."""

    vectors: Vectors
    numbers: Whole

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.numbers), size_of(self.vectors)[1]

    def __getitem__(self, rows: Rows) -> Any:  # noqa: ANN401 - what the vectors are held in
        return self.vectors[self.numbers[rows]]
