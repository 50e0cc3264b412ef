"""Retrieval: how often a right match is among the k most similar."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .matching import image_of_each_text
from .similarities import Block, reduce_rows, rounding_of
from .vectors import Matrix, Selected, Vectors, Whole, unit_rows

AT = (1, 5, 10)


def image_to_text_recall(
    image: Vectors,
    text: Vectors,
    text_to_image: npt.ArrayLike | None = None,
    at: Sequence[int] = AT,
) -> list[float]:
    """Return R@k for each k of ``at``: how often a text of an image is among the k most similar.

    Images without a text are left out. Texts that are equally similar are in random order: a hit
    counts with its probability.
    """
    matches = image_of_each_text(image, text, text_to_image)
    queries = np.unique(matches)
    return _recall(Selected(image, queries), text, texts_of(queries, matches), at)


def text_to_image_recall(
    image: Vectors,
    text: Vectors,
    text_to_image: npt.ArrayLike | None = None,
    at: Sequence[int] = AT,
) -> list[float]:
    """Return R@k for each k of ``at``: how often a text's image is among the k most similar."""
    matches = image_of_each_text(image, text, text_to_image)
    return _recall(text, image, images_of(np.arange(len(matches)), matches), at)


@dataclass(frozen=True, slots=True)
class Matches:
    """Which rows of a gallery are right for which queries, sorted by query."""

    query: Whole
    gallery: Whole


def texts_of(images: Whole, matches: Whole) -> Matches:
    """Return the texts of some images, which are given in ascending order."""
    number = np.full(int(matches.max()) + 1, -1)
    number[images] = np.arange(len(images))
    query = number[matches]
    texts = np.flatnonzero(query >= 0)
    order = np.argsort(query[texts], kind="stable")
    return Matches(query[texts][order], texts[order])


def images_of(texts: Whole, matches: Whole) -> Matches:
    """Return the image of each of some texts."""
    return Matches(np.arange(len(texts)), matches[texts])


def _recall(queries: Vectors, gallery: Vectors, matches: Matches, at: Sequence[int]) -> list[float]:
    hits = hit_rates(queries, gallery, matches, at)
    return [float(share) for share in hits.mean(axis=0)]


def hit_rates(
    queries: Vectors, gallery: Vectors, matches: Matches, at: Sequence[int] = AT
) -> Matrix:
    """Return how likely a match is among the k most similar, for each query and k of ``at``."""
    (hits,) = reduce_rows(queries, gallery, lambda rows: Hits(rows, queries, gallery, matches, at))
    return hits


class Hits:
    """Where the best match of each query ranks, block by block."""

    def __init__(
        self, rows: slice, queries: Vectors, gallery: Vectors, matches: Matches, at: Sequence[int]
    ) -> None:
        first, last = np.searchsorted(matches.query, (rows.start, rows.stop))
        self._query = matches.query[first:last] - rows.start
        self._gallery = matches.gallery[first:last]
        self._at = at
        found = self._similarities(rows.start, queries, gallery)
        best = np.full(rows.stop - rows.start, -np.inf)
        np.maximum.at(best, self._query, found)
        margin = rounding_of(queries, gallery)
        self._low, self._high = best - margin, best + margin
        self._right = np.bincount(self._query[found >= self._low[self._query]], minlength=len(best))
        self._better, self._equal = np.zeros((2, len(best)), np.int64)

    def _similarities(self, start: int, queries: Vectors, gallery: Vectors) -> Matrix:
        found = np.empty(len(self._query))
        for first in range(0, len(found), _PAIRS):
            part = slice(first, first + _PAIRS)
            x = unit_rows(queries, self._query[part] + start)
            y = unit_rows(gallery, self._gallery[part])
            found[part] = np.einsum("ij,ij->i", x, y)
        return found

    def add(self, columns: slice, block: Block) -> None:
        """Count the similarities that are above, and those that equal, that of the best match."""
        high = self._high[:, np.newaxis].astype(block.dtype)
        low = self._low[:, np.newaxis].astype(block.dtype)
        better = np.count_nonzero(block > high, axis=1)
        self._better += better
        self._equal += np.count_nonzero(block >= low, axis=1) - better
        self._leave_out_matches(columns, block, low[:, 0], high[:, 0])

    def _leave_out_matches(self, columns: slice, block: Block, low: Block, high: Block) -> None:
        inside = (self._gallery >= columns.start) & (self._gallery < columns.stop)
        query, at = self._query[inside], self._gallery[inside] - columns.start
        own = block[query, at]
        above = own > high[query]
        np.subtract.at(self._better, query, above)
        np.subtract.at(self._equal, query, (own >= low[query]) & ~above)

    def result(self) -> Matrix:
        """Return the probability of a hit; shape: queries, k."""
        hits = [self._probability(k) for k in self._at]
        return np.stack(hits, axis=1)

    def _probability(self, k: int) -> Matrix:
        """Return how likely one of the right is among the k first, equals in random order."""
        miss = np.ones(len(self._better))
        for drawn in range(k):
            left = np.maximum(self._equal - drawn, 0)
            chance = left / np.maximum(self._equal + self._right - drawn, 1)
            miss *= np.where(self._better + drawn < k, chance, 1.0)
        return 1 - miss


_PAIRS = 8192
