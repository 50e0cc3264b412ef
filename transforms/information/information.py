"""Facts -> the bits that they carry, by the statistics of a corpus.

Every probability is a share of captions, backs off to a less specific one where the counts are few,
and is capped, so that a typing error or an article number never counts as a discovery.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ...schemas.facts import Attribute, Facts, Relation
from ...schemas.statistics import Counts, Kind, Statistics, common_counts

MIN_SUPPORT = 3
"""A term that fewer captions name is not supported, and counts as a common one of its kind."""

BACK_OFF_WEIGHT = 8.0
"""How many captions the less specific distribution counts for."""

MAX_BITS = 16.0
"""The most that a single fact can carry."""

_NAMELESS = frozenset({"thing", "stuff", "something", "anything", "everything", "someone"})
"""Words that stand for an object and do not say which: they carry nothing."""

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
    """The bits of each fact, where they were asked for."""

    @property
    def information_bits(self) -> float:
        """The sum over all facts."""
        return self.object_bits + self.attribute_bits + self.relation_bits

    @property
    def object_share(self) -> float | None:
        """The part of the information that objects carry; None where there is nothing."""
        total = self.information_bits
        return self.object_bits / total if total > 0 else None


class InformationModel:
    """The bits of facts, by counted captions.

    Write c for counts of captions, n for all of them, k for BACK_OFF_WEIGHT. Then

    - ``P(o) = c(o) / n``; an unsupported compound is its supported head and one common attribute,
      an unsupported head is a common object; a word that says of no object which it is, nothing;
    - ``P(a | o) = (c(o, a) + k R(a)) / (c(o) + k)`` with ``R(a)`` the share of all objects named
      that are said to be a;
    - ``P(p | s, o) = (c(s, p, o) + k R(p)) / (c(s and o) + k)`` with ``R(p)`` the share of all
      pairs of objects in one caption that are related by p.

    A common term is one at the first quartile of the bits of the terms of its kind, by use.
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
        """Return the bits of distinct ``facts``, each the sum over its kind."""
        return Bits(
            math.fsum(map(self.object_bits, facts.objects)),
            math.fsum(map(self.attribute_bits, facts.attributes)),
            math.fsum(map(self.relation_bits, facts.relations)),
        )

    def bits_of_each(self, facts: Facts) -> Bits:
        """Return the bits of ``facts`` with those of each fact."""
        each: dict[str | Attribute | Relation, float] = {
            **{name: self.object_bits(name) for name in facts.objects},
            **{fact: self.attribute_bits(fact) for fact in facts.attributes},
            **{fact: self.relation_bits(fact) for fact in facts.relations},
        }
        return replace(self.bits(facts), of_fact=each)

    def _count(self, *event: str) -> int:
        return self._counts.get(event, 0)

    def _term_count(self, kind: str, term: str) -> int:
        """Return the count of one term, which many facts share."""
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
        seen = self._count("attribute", *fact)
        return _backed_off(seen, self._of_term("object", fact.object), general)

    def _relation_bits(self, fact: Relation) -> float:
        general = self._general("predicate", fact.predicate, self._pairs, self._common_predicate)
        seen = self._count("relation", *fact)
        return _backed_off(seen, self._together(fact.subject, fact.object), general)

    def _together(self, subject: str, target: str) -> int:
        if subject == target:
            return self._of_term("object", subject)
        return self._count("together", *sorted((subject, target)))

    def _general(self, kind: str, term: str, total: int, common: float) -> float:
        count = self._of_term(kind, term)
        return count / total if count >= MIN_SUPPORT else 2.0**-common


def _common(count: int, total: int) -> float:
    """Return the bits of a common term; where there is none, nothing is known and nothing said."""
    return _bits(count / total) if count else 0.0


def _backed_off(seen: int, given: int, general: float) -> float:
    given = max(seen, given)
    return _bits((seen + BACK_OFF_WEIGHT * general) / (given + BACK_OFF_WEIGHT))


def _bits(probability: float) -> float:
    return min(MAX_BITS, max(0.0, -math.log2(probability)))
