"""Facts -> their information in bits, by the statistics of a corpus, weighted by visibility.

Every probability is a share of captions. It backs off to a less specific one where counts are
small, at last to general English, and its bits are capped.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from ...schemas.statistics import Counts, Kind, Statistics, common_counts
from .terms import Role, Terms, shipped_terms

MIN_SUPPORT = 3
"""A term that fewer captions name is unsupported: general English says how common it is."""

UNSEEN_SHARE = 0.03
"""The share of all mentions that general English has: about that of unsupported objects among
people's captions of photographs."""

BACK_OFF_WEIGHT = 8.0
"""The weight of the less specific distribution, in captions."""

MAX_BITS = 16.0
"""The most information of a single fact."""

_NAMELESS = frozenset({"thing", "stuff", "something", "anything", "everything", "someone"})
"""Words for an object that do not say which one: they carry no information."""

_CACHE_SIZE = 1 << 15

Fact = str | Attribute | Relation
"""An object, an attribute of one, or a relation between two."""


class Weight(NamedTuple):
    """The information of one fact: what counts is ``bits`` times ``visibility``."""

    bits: float
    """``-log2`` of its probability."""
    visibility: float
    """How much it shows of a picture, 0 to 1."""

    @property
    def visible_bits(self) -> float:
        """Its share in the information of a caption."""
        return self.bits * self.visibility


@dataclass(frozen=True, slots=True)
class Bits:
    """The information of one caption in bits, weighted by visibility, by kind of fact."""

    object_bits: float = 0.0
    attribute_bits: float = 0.0
    relation_bits: float = 0.0
    of_fact: Mapping[Fact, Weight] = field(default_factory=dict, compare=False, repr=False)
    """The weight of each fact, if it was asked for."""

    @property
    def information_bits(self) -> float:
        """The sum over all facts."""
        return self.object_bits + self.attribute_bits + self.relation_bits

    @property
    def object_share(self) -> float | None:
        """The objects' share of the information; None if there is no information."""
        total = self.information_bits
        return self.object_bits / total if total > 0 else None


class InformationModel:
    """The information of facts, by the counts of captions that state them.

    With c for numbers of captions, n for the number of all captions and k for BACK_OFF_WEIGHT, the
    bits of a fact are ``-log2 P``, 16 at most, where

    - ``P(o) = c(o) / n``; an unsupported compound has the bits of its head and of one common
      attribute, and ``thing`` and its like none;
    - ``P(a | o) = (c(o, a) + k R(a)) / (c(o) + k)``, with ``R(a)`` the share of all named objects
      that have the attribute a;
    - ``P(p | s, o) = (c(s, p, o) + k R(p)) / (c(s and o) + k)``, with ``R(p)`` the share of all
      pairs of objects in one caption that are related by p.

    An unsupported term of the language has its count and UNSEEN_SHARE of its share of general
    English, at most what MIN_SUPPORT captions give; one that is none of the language's the share of
    a common term (``common_counts``).

    The visibility of a fact is the product of its terms'. ``weight`` is what a fact adds to the
    information of a caption: its bits times its visibility.
    """

    def __init__(self, statistics: Statistics, terms: Terms | None = None) -> None:
        self.full_level = statistics.full_level
        self._terms = terms or shipped_terms()
        self._counts: Counts = statistics.counts
        common = statistics.common or common_counts(statistics.counts)
        self._of_term = lru_cache(_CACHE_SIZE)(self._term_count)
        self._captions = max(1, self._count(Kind.CAPTION))
        self._objects = max(1, self._count(Kind.ANY_OBJECT))
        self._pairs = max(1, self._count(Kind.ANY_TOGETHER))
        self._common_object = _common(common[Kind.OBJECT], self._captions)
        self._common_quality = _common(common[Kind.QUALITY], self._objects)
        self._common_predicate = _common(common[Kind.PREDICATE], self._pairs)
        self.object_bits = lru_cache(_CACHE_SIZE)(self._object_bits)
        self.attribute_bits = lru_cache(_CACHE_SIZE)(self._attribute_bits)
        self.relation_bits = lru_cache(_CACHE_SIZE)(self._relation_bits)
        self._shown = lru_cache(_CACHE_SIZE)(self._terms.visibility)
        self.weight = lru_cache(_CACHE_SIZE)(self._weight)

    def bits(self, facts: Facts) -> Bits:
        """Return the weights of distinct ``facts``, summed by kind."""
        return Bits(
            math.fsum(map(self.weight, facts.objects)),
            math.fsum(map(self.weight, facts.attributes)),
            math.fsum(map(self.weight, facts.relations)),
        )

    def bits_of_each(self, facts: Facts) -> Bits:
        """Return the weights of distinct ``facts``, summed by kind, and those of each fact."""
        each: tuple[Fact, ...] = (*facts.objects, *facts.attributes, *facts.relations)
        weights = {fact: Weight(self.plain_bits(fact), self.visibility(fact)) for fact in each}
        return replace(self.bits(facts), of_fact=weights)

    def plain_bits(self, fact: Fact) -> float:
        """Return ``-log2 P`` of a fact, however much or little of it can be seen."""
        if isinstance(fact, str):
            return self.object_bits(fact)
        is_attribute = isinstance(fact, Attribute)
        return self.attribute_bits(fact) if is_attribute else self.relation_bits(fact)

    def visibility(self, fact: Fact) -> float:
        """Return how much a fact shows of a picture, 0 to 1."""
        if isinstance(fact, str):
            return self._shown(fact, "object")
        if isinstance(fact, Attribute):
            return self._shown(fact.object, "object") * self._shown(fact.attribute, "quality")
        ends = self._shown(fact.subject, "object") * self._shown(fact.object, "object")
        return ends * self._shown(fact.predicate, "predicate")

    def _weight(self, fact: Fact) -> float:
        return self.plain_bits(fact) * self.visibility(fact)

    def _count(self, *event: str) -> int:
        return self._counts.get(event, 0)

    def _term_count(self, kind: str, term: str) -> int:
        """Return the count of a term; it is cached, for many facts have the same term."""
        return self._counts.get((kind, term), 0)

    def _object_bits(self, term: str) -> float:
        if term in _NAMELESS:
            return 0.0
        count = self._of_term("object", term)
        _, _, head = term.partition(" ")
        if count < MIN_SUPPORT and head:
            return min(MAX_BITS, self.object_bits(head) + self._common_quality)
        mentions = self._objects / self._captions
        share = self._share(count, term, "object", self._captions, mentions)
        return self._common_object if share is None else _bits(share)

    def _share(
        self, count: int, term: str, role: Role, total: int, mentions: float = 1.0
    ) -> float | None:
        """Return the share of ``count`` in ``total``, where each has ``mentions`` of such terms.

        None for an unsupported term that is none of the language's.
        """
        if count >= MIN_SUPPORT:
            return count / total
        share = self._terms.share(term, role)
        if share is None:
            return None
        return min(count / total + UNSEEN_SHARE * mentions * share, MIN_SUPPORT / total)

    def _attribute_bits(self, fact: Attribute) -> float:
        general = self._general("quality", fact.attribute, self._objects, self._common_quality)
        count = self._count("attribute", *fact)
        return _backed_off(count, self._of_term("object", fact.object), general)

    def _relation_bits(self, fact: Relation) -> float:
        general = self._general("predicate", fact.predicate, self._pairs, self._common_predicate)
        count = self._count("relation", *fact)
        return _backed_off(count, self._together(fact.subject, fact.object), general)

    def _together(self, subject: str, target: str) -> int:
        if subject == target:
            return self._of_term("object", subject)
        return self._count("together", *sorted((subject, target)))

    def _general(self, kind: Role, term: str, total: int, common: float) -> float:
        share = self._share(self._of_term(kind, term), term, kind, total)
        return 2.0**-common if share is None else share


def _common(count: int, total: int) -> float:
    """Return the bits of a common term, 0 if no term is known."""
    return _bits(count / total) if count else 0.0


def _backed_off(count: int, of: int, general: float) -> float:
    """Return the bits of ``count`` captions out of ``of``, with ``general`` as the prior share."""
    return _bits((count + BACK_OFF_WEIGHT * general) / (max(count, of) + BACK_OFF_WEIGHT))


def _bits(probability: float) -> float:
    return min(MAX_BITS, max(0.0, -math.log2(probability)))
