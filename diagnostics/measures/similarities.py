"""Cosine similarities of every query with a whole gallery, a block at a time."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .vectors import Matrix, Vectors, as_array, size_of, slices, unit_rows

Block = npt.NDArray[np.floating[Any]]

QUERIES, GALLERY = 4096, 2048
_MOST_DOUBLES = 10**11
"""More multiplications than these are done in single precision, unless the embeddings are
doubles. Single precision is good for six digits, at twice the speed."""


def precision_of(queries: Vectors, gallery: Vectors) -> type[np.floating[Any]]:
    """Return the precision in which the similarities of two sets are computed."""
    (rows, dimensions), (columns, _) = size_of(queries), size_of(gallery)
    doubles = all(as_array(v[:1]).dtype == np.float64 for v in (queries, gallery))
    return np.float64 if doubles or rows * columns * dimensions <= _MOST_DOUBLES else np.float32


def rounding_of(queries: Vectors, gallery: Vectors) -> float:
    """Return by how much two similarities differ that should be equal.

    The last digits of the product of two vectors depend on where in a matrix they stand.
    """
    return 8 * float(np.finfo(precision_of(queries, gallery)).eps)


def similarity_rows(queries: Vectors, gallery: Vectors) -> Iterator[tuple[slice, Block]]:
    """Yield slices of queries with all their similarities; shape: slice, gallery.

    What is yielded is overwritten by the next.
    """
    size = size_of(gallery)[0]
    length = max(1, _ROW_VALUES // size)
    buffer = np.empty((min(length, size_of(queries)[0]), size), precision_of(queries, gallery))
    for rows, blocks in similarity_blocks(queries, gallery, length):
        found = buffer[: rows.stop - rows.start]
        for columns, block in blocks:
            found[:, columns] = block
        yield rows, found


_ROW_VALUES = 1 << 24


def similarity_blocks(
    queries: Vectors, gallery: Vectors, length: int = QUERIES
) -> Iterator[tuple[slice, Iterator[tuple[slice, Block]]]]:
    """Yield slices of ``length`` queries with their similarities to the whole gallery, in order.

    The similarities come as pairs of a slice of the gallery and a block of shape (queries, slice);
    a block is overwritten by the next one.
    """
    precision = precision_of(queries, gallery)
    for rows in slices(size_of(queries)[0], length):
        part = unit_rows(queries, rows).astype(precision)
        yield rows, _blocks(part, gallery)


def _blocks(part: Block, gallery: Vectors) -> Iterator[tuple[slice, Block]]:
    buffer = np.empty(len(part) * GALLERY, part.dtype)
    for columns in slices(size_of(gallery)[0], GALLERY):
        others = unit_rows(gallery, columns).astype(part.dtype)
        out = buffer[: len(part) * len(others)].reshape(len(part), len(others))
        yield columns, np.matmul(part, others.T, out=out)


class RowReducer(Protocol):
    """A figure for each query, from its similarities to the whole gallery."""

    def add(self, columns: slice, block: Block) -> None:
        """Take in a block, which is not to be changed."""
        ...

    def result(self) -> Matrix:
        """Return the figures; the first axis is queries."""
        ...


def reduce_rows(
    queries: Vectors, gallery: Vectors, *reducers: Callable[[slice], RowReducer]
) -> list[Matrix]:
    """Return the figures of several reducers, with each similarity computed once.

    A reducer is made for each slice of the queries.
    """
    results: list[list[Matrix]] = [[] for _ in reducers]
    for rows, blocks in similarity_blocks(queries, gallery):
        made = [reducer(rows) for reducer in reducers]
        for columns, block in blocks:
            for reducer in made:
                reducer.add(columns, block)
        for done, reducer in zip(results, made, strict=True):
            done.append(reducer.result())
    return [np.concatenate(done) for done in results]
