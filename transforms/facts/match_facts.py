"""Facts of two captions of one image -> which of them are the same fact in other words.

Facts are matched one to one, the surest first. A match has a share: 1 for the same words, less for
words of which it is known how often two people use them for one thing (``term_pairs.py``).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from .term_pairs import OBJECT, TermPairs, shipped_pairs, terms_of

SAME = 0.5
"""From this share on, two facts count as one where the answer is yes or no."""

_LEAST = 0.05

Fact = str | Attribute | Relation


class Match(NamedTuple):
    """Facts of two captions that correspond, by their places: objects, attributes, relations."""

    first: int
    second: int
    share: float


def match_facts(first: Facts, second: Facts, pairs: TermPairs | None = None) -> list[Match]:
    """Return what corresponds to what in two descriptions, the surest first, each fact once.

    The share of an attribute grows with that of its objects, the share of a relation with those of
    what it relates. Ties go to the earlier facts.
    """
    pairs = pairs or shipped_pairs()
    shares = sorted(_shares(first, second, pairs), key=_order)
    return list(_one_to_one(shares))


class Shared(NamedTuple):
    """What the second of two sets of facts states of the first, and the first of the second."""

    of_first: Facts
    of_second: Facts


def shared_facts(first: Facts, second: Facts) -> Shared:
    """Return the facts of each that the other one states too, in whatever words."""
    matches = [match for match in match_facts(first, second) if match.share >= SAME]
    return Shared(
        _facts_at(first, {match.first for match in matches}),
        _facts_at(second, {match.second for match in matches}),
    )


def align_objects(first: Sequence[str], second: Sequence[str]) -> dict[str, str]:
    """Return, for objects of ``second``, the object of ``first`` that each one is.

    Each object is matched at most once, the surest first.
    """
    matches = match_facts(Facts(tuple(first)), Facts(tuple(second)))
    return {second[m.second]: first[m.first] for m in matches if m.share >= SAME}


def unite_wordings(first: Facts, second: Facts, bits: Callable[[str], float]) -> Facts:
    """Return the distinct facts of both: what is the same fact in other words counts once.

    An object goes by the name that says more, by ``bits``; a fact by the words of ``first``.
    """
    names = align_objects(first.objects, second.objects)
    better = {own: name for name, own in names.items() if bits(name) > bits(own)}
    shared = shared_facts(first, second)
    to_first = {name: better.get(own, own) for name, own in names.items()}
    rest = second.difference(shared.of_second)
    rest = Facts(second.objects, rest.attributes, rest.relations)
    return _renamed(first, better).union(_renamed(rest, to_first))


def _renamed(facts: Facts, names: dict[str, str]) -> Facts:
    def new(name: str) -> str:
        return names.get(name, name)

    return Facts(
        tuple(new(name) for name in facts.objects),
        tuple(Attribute(new(o), a) for o, a in facts.attributes),
        tuple(Relation(new(s), p, new(o)) for s, p, o in facts.relations),
    )


def _shares(first: Facts, second: Facts, pairs: TermPairs) -> Iterator[Match]:
    """Yield the share of each two facts that may correspond."""
    ones, others = terms_of(first), terms_of(second)
    facts = tuple(_all(first)), tuple(_all(second))
    for at, one in enumerate(ones):
        for place, other in enumerate(others):
            share = pairs.share(one, other)
            if share and (one[0] != OBJECT or other[0] != OBJECT):
                share *= _context(facts[0][at], facts[1][place], pairs)
            if share >= _LEAST:
                yield Match(at, place, share)


def _context(one: Fact, other: Fact, pairs: TermPairs) -> float:
    """Return by how much a match of two terms is less sure for what they are said of."""
    if isinstance(one, Attribute) and isinstance(other, Attribute):
        return _mixed(pairs.owner, _object_share(one.object, other.object, pairs))
    if isinstance(one, Relation) and isinstance(other, Relation):
        subject = _object_share(one.subject, other.subject, pairs)
        target = _object_share(one.object, other.object, pairs)
        return _mixed(pairs.ends, (subject + target) / 2)
    return 1.0


def _mixed(free: float, share: float) -> float:
    return free + (1 - free) * share


def _object_share(one: str, other: str, pairs: TermPairs) -> float:
    return pairs.share((OBJECT, one), (OBJECT, other))


def _order(match: Match) -> tuple[float, int, int]:
    return -match.share, match.first, match.second


def _one_to_one(matches: Sequence[Match]) -> Iterator[Match]:
    first: set[int] = set()
    second: set[int] = set()
    for match in matches:
        if match.first not in first and match.second not in second:
            first.add(match.first)
            second.add(match.second)
            yield match


def _all(facts: Facts) -> Iterator[Fact]:
    yield from facts.objects
    yield from facts.attributes
    yield from facts.relations


def _facts_at(facts: Facts, places: set[int]) -> Facts:
    objects, attributes = len(facts.objects), len(facts.objects) + len(facts.attributes)
    return Facts(
        tuple(f for at, f in enumerate(facts.objects) if at in places),
        tuple(f for at, f in enumerate(facts.attributes, objects) if at in places),
        tuple(f for at, f in enumerate(facts.relations, attributes) if at in places),
    )
