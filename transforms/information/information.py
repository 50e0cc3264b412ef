"""Facts -> their information in bits, by the statistics of a corpus.

Every probability is a share of captions. It backs off to a less specific one where counts are
small, and its bits are capped, so that misspellings and article numbers carry little.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ...schemas.facts import Attribute, Facts, Relation
from ...schemas.statistics import Counts, Kind, Statistics, common_counts

MIN_SUPPORT = 3
"""A term that fewer captions name is unsupported, and counts as a common term of its kind."""

BACK_OFF_WEIGHT = 8.0
"""The weight of the less specific distribution, in captions."""

MAX_BITS = 16.0
"""The most information of a single fact."""

_NAMELESS = frozenset({"thing", "stuff", "something", "anything", "everything", "someone"})
"""Words for an object that do not say which one: they carry no information."""

_CACHE_SIZE = 1 << 15


@dataclass(frozen=True, slots=True)
class Bits:
    """The information of one caption in bits, by kind of fact."""

    object_bits: float = 0.0
    attribute_bits: float = 0.0
    relation_bits: float = 0.0
    of_fact: Mapping[str | Attribute | Relation, float] = field(
        default_factory=dict, compare=False, repr=False
    )
    """The bits of each fact, if they were computed."""

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
      attribute, an unsupported head those of a common object, and ``thing`` and its like none;
    - ``P(a | o) = (c(o, a) + k R(a)) / (c(o) + k)``, with ``R(a)`` the share of all named objects
      that have the attribute a;
    - ``P(p | s, o) = (c(s, p, o) + k R(p)) / (c(s and o) + k)``, with ``R(p)`` the share of all
      pairs of objects in one caption that are related by p.

    The count of a common term is that of ``common_counts``.
    """

    def __init__(self, statistics: Statistics) -> None:
        self.full_level = statistics.full_level
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

    def bits(self, facts: Facts) -> Bits:
        """Return the bits of distinct ``facts``, summed by kind."""
        return Bits(
            math.fsum(map(self.object_bits, facts.objects)),
            math.fsum(map(self.attribute_bits, facts.attributes)),
            math.fsum(map(self.relation_bits, facts.relations)),
        )

    def bits_of_each(self, facts: Facts) -> Bits:
        """Return the bits of distinct ``facts``, summed by kind, and of each fact."""
        each: dict[str | Attribute | Relation, float] = {
            **{name: self.object_bits(name) for name in facts.objects},
            **{fact: self.attribute_bits(fact) for fact in facts.attributes},
            **{fact: self.relation_bits(fact) for fact in facts.relations},
        }
        return replace(self.bits(facts), of_fact=each)

    def _count(self, *event: str) -> int:
        return self._counts.get(event, 0)

    def _term_count(self, kind: str, term: str) -> int:
        """Return the count of a term; it is cached, for many facts have the same term."""
        return self._counts.get((kind, term), 0)

    def _object_bits(self, term: str) -> float:
        if term in _NAMELESS:
            return 0.0
        count = self._of_term("object", term)
        if count >= MIN_SUPPORT:
            return _bits(count / self._captions)
        _, _, head = term.partition(" ")
        if not head:
            return self._common_object
        return min(MAX_BITS, self.object_bits(head) + self._common_quality)

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

    def _general(self, kind: str, term: str, total: int, common: float) -> float:
        count = self._of_term(kind, term)
        return count / total if count >= MIN_SUPPORT else 2.0**-common


def _common(count: int, total: int) -> float:
    """Return the bits of a common term, 0 if no term is known."""
    return _bits(count / total) if count else 0.0


def _backed_off(count: int, of: int, general: float) -> float:
    """Return the bits of ``count`` captions out of ``of``, with ``general`` as the prior share."""
    return _bits((count + BACK_OFF_WEIGHT * general) / (max(count, of) + BACK_OFF_WEIGHT))


def _bits(probability: float) -> float:
    return min(MAX_BITS, max(0.0, -math.log2(probability)))
