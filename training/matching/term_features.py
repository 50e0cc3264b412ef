"""Pairs of terms -> what tells whether two descriptions of one image mean the same by them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csr_matrix

from ...models.arc_network import WordVectors
from ...transforms.facts.term_pairs import OBJECT, PREDICATE, QUALITY, Term
from .term_kinds import Kinship, Kinships

ROLES = (OBJECT, QUALITY, PREDICATE)
FEATURES = (
    "constant", "cosine of vectors", "synonyms", "kind", "opposites", "sisters", "longer name",
    "same head", "object and quality", "object and predicate", "quality and quality",
    "quality and predicate", "predicate and predicate", "across captions", "within a caption",
    "only across captions",
)  # fmt: skip
PRIOR = (-3.0, 5.5, 1.5, 0.7, -9.0, -2.0, 1.0, 0.3, 0.3, 0.5, 0.0, 0.0, 0.0, 0.3, -0.2, 0.5)
"""The weight that each feature has where the ratings do not say otherwise."""

_FEWEST = 5
"""Captions that must state a term before its companions are counted."""

_SMOOTHING = 4.0
_HEAD_WEIGHT = 1.5
_LEAST_COSINE = 0.35

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TermFeatures:
    """The features of pairs of ``terms``, by their places."""

    terms: Sequence[Term]
    vectors: WordVectors
    kinships: Kinships
    captions: Sequence[Sequence[Sequence[Term]]]
    """For each image, the distinct terms of each of its captions."""

    def __call__(self, first: Ids, second: Ids) -> Floats:
        """Return the FEATURES of each pair, in a last axis."""
        roles = self._roles[first], self._roles[second]
        both = np.minimum(*roles) * 3 + np.maximum(*roles)
        across, within = (_values(lift, first, second) for lift in self._lifts)
        kinship = _values(self._kinships, first, second)
        cosine = (self._vectors[first] * self._vectors[second]).sum(-1)
        columns = [
            np.ones_like(cosine),
            cosine,
            *(kinship == kind for kind in list(Kinship)[1:]),
            *(kinship == kind for kind in (_LONGER, _HEAD)),
            *(both == kind for kind in (1, 2, 4, 5, 8)),
            across,
            within,
            np.maximum(across - np.maximum(within, 0), 0),
        ]
        return np.stack([column.astype(np.float32) for column in columns], axis=-1)

    def near(self, start: int, stop: int, chosen: npt.NDArray[np.bool_]) -> tuple[Ids, Ids]:
        """Return pairs of terms that may correspond, the first of them from ``start`` to ``stop``.

        The second is among those that are ``chosen``.
        """
        near = self._vectors[start:stop] @ self._vectors.T >= _LEAST_COSINE
        for matrix in (self._kinships, self._lifts[0]):
            near[matrix[start:stop].nonzero()] = True
        first, second = np.nonzero(near & chosen)
        first += start
        other = first != second
        return first[other], second[other]

    @cached_property
    def _roles(self) -> Ids:
        return np.array([ROLES.index(role) for role, _ in self.terms])

    @cached_property
    def _vectors(self) -> Floats:
        """Return the direction of each term: of its words, the head's before the others."""
        words, table, scale = self.vectors
        rows: Mapping[str, int] = {word: row for row, word in enumerate(words)}
        scaled = table.astype(np.float32) * scale
        scaled -= scaled.mean(axis=0)
        found = np.zeros((len(self.terms), scaled.shape[1]), np.float32)
        for at, (_, text) in enumerate(self.terms):
            known = [rows[word] for word in text.split(" ") if word in rows]
            if known:
                total = scaled[known].sum(axis=0) + (_HEAD_WEIGHT - 1) * scaled[known[-1]]
                found[at] = total / np.linalg.norm(total)
        return found

    @cached_property
    def _kinships(self) -> csr_matrix:
        rows = [*_of_heads(self.terms), *self.kinships.related(self.terms)]
        closest: dict[tuple[int, int], int] = {}
        for one, other, kinship in rows:
            known = closest.get((one, other))
            if known is None or kinship < known:
                closest[one, other] = kinship
        pairs = np.array([*closest], dtype=np.int64).reshape(-1, 2)
        values = np.array([*closest.values()], dtype=np.int8)
        shape = (len(self.terms),) * 2
        upper = coo_matrix((values, (pairs[:, 0], pairs[:, 1])), shape)
        return (upper + upper.T).tocsr()

    @cached_property
    def _lifts(self) -> tuple[csr_matrix, csr_matrix]:
        """Return the logarithms of how much oftener than by chance two terms come together.

        Once in two captions of one image, once within a caption; 0 where either is rare.
        """
        stated, image = self._stated()
        of_image = csr_matrix(
            (np.ones(len(image), np.float32), (image, np.arange(len(image)))),
            (len(self.captions), len(image)),
        )
        by_image = of_image @ stated
        within = (stated.T @ stated).tocsr()
        across = (by_image.T @ by_image - within).tocoo()
        count = np.asarray(stated.sum(axis=0)).ravel()
        one, other = across.row, across.col
        often = (count[one] >= _FEWEST) & (count[other] >= _FEWEST) & (one != other)
        one, other, seen = one[often], other[often], across.data[often]
        companions = len(image) / len(self.captions) - 1
        expected = companions * count[one] * count[other] / len(image)
        inside = companions * _values(within, one, other)
        lifts = (np.log((n + _SMOOTHING) / (expected + _SMOOTHING)) for n in (seen, inside))
        shape = (len(self.terms),) * 2
        first, second = (csr_matrix((lift, (one, other)), shape) for lift in lifts)
        return first, second

    def _stated(self) -> tuple[csr_matrix, Ids]:
        """Return which caption states which term, and the image of each caption."""
        places = {term: at for at, term in enumerate(self.terms)}
        captions = [(at, terms) for at, image in enumerate(self.captions) for terms in image]
        entries = {
            (row, places[term])
            for row, (_, terms) in enumerate(captions)
            for term in terms
            if term in places
        }
        rows, columns = np.array(sorted(entries)).T
        shape = (len(captions), len(self.terms))
        stated = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)
        return stated, np.array([at for at, _ in captions])


_LONGER, _HEAD = max(Kinship) + 1, max(Kinship) + 2


def _of_heads(terms: Sequence[Term]) -> Iterable[tuple[int, int, int]]:
    """Yield pairs of terms with one head, and whether one is the other with more in front."""
    having: dict[Term, list[int]] = {}
    for at, (role, text) in enumerate(terms):
        words = text.split(" ")
        having.setdefault((role, words[0] if role == PREDICATE else words[-1]), []).append(at)
    for group in having.values():
        for place, one in enumerate(group):
            for other in group[place + 1 :]:
                short, long = sorted((terms[one][1], terms[other][1]), key=len)
                is_longer = long.endswith(f" {short}") or long.startswith(f"{short} ")
                yield one, other, _LONGER if is_longer else _HEAD


def _values(matrix: Any, rows: Ids, columns: Ids) -> Floats:  # noqa: ANN401
    if not rows.size:
        return np.zeros(rows.shape, np.float32)
    found = np.asarray(matrix[rows.ravel(), columns.ravel()], dtype=np.float32)
    return found.reshape(rows.shape)
