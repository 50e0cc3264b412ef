"""The entropy of logits: how sharply a model tells the right text from the others.

Schrodi et al. (ICLR 2025): where captions leave out much of what images show, no text can be told
with certainty, logits must stay flat, and the modality gap is one lever a model has on them.
"""

from collections.abc import Callable

import numpy as np

from .similarities import Block, reduce_rows
from .vectors import Matrix, Vectors


def row_entropies(queries: Vectors, gallery: Vectors, temperature: float) -> Matrix:
    """Return the entropy of ``softmax(x_i y^T / temperature)`` for each query, in nats.

    0: one of the gallery takes it all; the logarithm of the gallery's size: all are alike.
    Raises ValueError if ``temperature`` is not above 0.
    """
    (entropies,) = reduce_rows(queries, gallery, entropy_at(temperature))
    return entropies


def mean_entropy(queries: Vectors, gallery: Vectors, temperature: float) -> float:
    """Return the mean of the queries' entropies, in nats."""
    return float(row_entropies(queries, gallery, temperature).mean())


def entropy_at(temperature: float) -> Callable[[slice], "Entropy"]:
    """Return what makes the reducer of a slice of queries. Raises ValueError as above."""
    if not temperature > 0:
        raise ValueError(f"the temperature must be above 0, not {temperature}")
    return lambda rows: Entropy(rows.stop - rows.start, temperature)


class Entropy:
    """The entropy of the softmax over each row, block by block."""

    def __init__(self, rows: int, temperature: float) -> None:
        self._temperature = temperature
        self._largest = np.full(rows, -np.inf)
        self._total, self._moment = np.zeros((2, rows))

    def add(self, columns: slice, block: Block) -> None:
        """Take in the similarities of some columns."""
        logits = block / block.dtype.type(self._temperature)
        self._raise_largest(logits.max(axis=1).astype(np.float64))
        logits -= self._largest[:, np.newaxis].astype(block.dtype)
        weights = np.exp(logits)
        self._total += weights.sum(axis=1, dtype=np.float64)
        weights *= logits
        self._moment += weights.sum(axis=1, dtype=np.float64)

    def _raise_largest(self, largest: Matrix) -> None:
        """Have the sums hold for logits less the largest so far."""
        largest = np.maximum(self._largest, largest)
        seen = self._total > 0
        shift = np.subtract(self._largest, largest, out=np.zeros_like(largest), where=seen)
        self._moment = np.exp(shift) * (self._moment + shift * self._total)
        self._total = np.exp(shift) * self._total
        self._largest = largest

    def result(self) -> Matrix:
        """Return the entropies of the rows, in nats."""
        entropies: Matrix = np.maximum(0, np.log(self._total) - self._moment / self._total)
        return entropies
