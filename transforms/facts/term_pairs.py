"""Pairs of terms that two descriptions of one image use for the same thing, and how surely.

The table ships with evenpair (``models/matching``); ``training/matching`` learns it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow.parquet as pq

from ...models.load_matching import pairs_path
from ...schemas.facts import Facts

OBJECT, QUALITY, PREDICATE = "object", "quality", "predicate"

Term = tuple[str, str]
"""The role of a term, and the term: an object, an attribute's quality or a predicate."""

_MARKS = re.compile(r"[^a-z0-9]+")
_ROWS = 1 << 14
_PARAMETERS = ("longer", "head", "owner", "ends")


@dataclass(frozen=True)
class TermPairs:
    """The shares, 0 to 1, to which two terms say the same."""

    partners: Mapping[Term, Mapping[Term, float]]
    """For each known term, those that correspond to it; a pair stands with one of its terms."""
    longer: float = 0.75
    """The share of a name and the same one with more in front (``racket``, ``tennis racket``)."""
    head: float = 0.5
    """What remains of the share of two heads for names of several words."""
    owner: float = 0.5
    """The share of an attribute's match that does not depend on its object."""
    ends: float = 0.5
    """The share of a relation's match that does not depend on what it relates."""

    def shares(self, first: Sequence[Term], second: Sequence[Term]) -> list[list[float]]:
        """Return the share of each term of ``first`` with each of ``second``."""
        return [[self.share(one, other) for other in second] for one in first]

    def share(self, one: Term, other: Term) -> float:
        """Return the share to which two terms say the same."""
        if one == other:
            return 1.0
        for first, second in ((one, other), (other, one)):
            known = self.partners.get(first)
            if known is not None and second in known:
                return known[second]
        return self._unlisted(one, other) if one[0] == other[0] else 0.0

    def _unlisted(self, one: Term, other: Term) -> float:
        """Return the share of two terms of one role that the table does not have."""
        role, (first, second) = one[0], (one[1], other[1])
        if " " not in first and " " not in second and not _may_be_variants(first, second):
            return 0.0
        if _MARKS.sub("", first) == _MARKS.sub("", second):
            return 1.0
        if role == QUALITY:
            return 0.0
        short, long = sorted((first, second), key=len)
        if long.endswith(f" {short}") or (role == PREDICATE and long.startswith(f"{short} ")):
            return self.longer
        if role != OBJECT or (one in self.partners and other in self.partners):
            return 0.0
        heads = (role, _head(first)), (role, _head(second))
        return 0.0 if heads == (one, other) else self.head * self.share(*heads)


def _may_be_variants(first: str, second: str) -> bool:
    return first[:1] == second[:1] and ("-" in first or "-" in second)


def _head(name: str) -> str:
    return name.rpartition(" ")[2]


@cache
def shipped_pairs() -> TermPairs:
    """Return the pairs that ship with evenpair, loaded once in each process."""
    return load_pairs(pairs_path())


def load_pairs(path: str) -> TermPairs:
    """Return the pairs of a file with the columns of ``training/matching/train_matching.py``."""
    table = pq.read_table(path)
    columns = ("first_role", "first", "second_role", "second", "odds")
    partners: dict[Term, dict[Term, float]] = {}
    terms: dict[Term, Term] = {}  # one tuple for each term, however many partners it has
    shares: dict[float, float] = {}
    for batch in table.to_batches(_ROWS):
        for role, first, other, second, odds in zip(
            *(batch[name].to_pylist() for name in columns), strict=True
        ):
            share = shares.setdefault(odds, odds / (1.0 + odds))
            one, two = (terms.setdefault(term, term) for term in ((role, first), (other, second)))
            partners.setdefault(one, {})[two] = share
            partners.setdefault(two, {})
    metadata = table.schema.metadata or {}
    parameters = {name: float(metadata[name.encode()]) for name in _PARAMETERS}
    return TermPairs(partners, **parameters)


def terms_of(facts: Facts) -> list[Term]:
    """Return the own term of each fact: objects, then attributes, then relations."""
    return [
        *((OBJECT, name) for name in facts.objects),
        *((QUALITY, fact.attribute) for fact in facts.attributes),
        *((PREDICATE, fact.predicate) for fact in facts.relations),
    ]
