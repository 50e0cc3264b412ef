"""Facts of two captions of one image -> which of them are the same fact in other words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...schemas.facts import Attribute, Facts, Relation
from .wordings import ATTRIBUTES, KINDS, OBJECTS, PREDICATES

_Fact = TypeVar("_Fact")
Matches = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the second of two sets of facts states of the first, and the first of the second."""

    of_first: Facts
    of_second: Facts


def align_objects(first: Sequence[str], second: Sequence[str]) -> dict[str, str]:
    """Return, for objects of ``second``, the object of ``first`` that each one is.

    Each object is matched at most once, closest wordings first: the same term, a synonym, a shorter
    or longer name (``racket``, ``tennis racket``), a word for its kind (``person``, ``man``).
    """
    aligned: dict[str, str] = {}
    left = dict.fromkeys(first)
    for is_same in _CLOSEST_FIRST:
        for name in second:
            if name in aligned:
                continue
            found = next((other for other in left if is_same(other, name)), None)
            if found is not None:
                aligned[name] = found
                del left[found]
    return aligned


def shared_facts(first: Facts, second: Facts) -> Shared:
    """Return the facts of each that the other one states too, in whatever words."""
    names = align_objects(first.objects, second.objects)
    objects = [(names[name], name) for name in second.objects if name in names]
    attributes = _pairs(first.attributes, second.attributes, names, _same_attribute)
    relations = _pairs(first.relations, second.relations, names, _same_relation)
    return Shared(
        Facts(_first(objects), _first(attributes), _first(relations)),
        Facts(_second(objects), _second(attributes), _second(relations)),
    )


def unite_wordings(first: Facts, second: Facts, bits: Callable[[str], float]) -> Facts:
    """Return the distinct facts of both: what is the same fact in other words counts once.

    An object goes by the name that says more, by ``bits``; a fact by the words of ``first``.
    """
    names = align_objects(first.objects, second.objects)
    better = {own: name for name, own in names.items() if bits(name) > bits(own)}
    shared = shared_facts(first, second)
    common = {*shared.of_second.attributes, *shared.of_second.relations}
    to_first = {name: better.get(own, own) for name, own in names.items()}
    rest = Facts(
        second.objects,
        tuple(fact for fact in second.attributes if fact not in common),
        tuple(fact for fact in second.relations if fact not in common),
    )
    return _distinct(_renamed(first, better), _renamed(rest, to_first))


def _renamed(facts: Facts, names: dict[str, str]) -> Facts:
    def new(name: str) -> str:
        return names.get(name, name)

    return Facts(
        tuple(new(name) for name in facts.objects),
        tuple(Attribute(new(o), a) for o, a in facts.attributes),
        tuple(Relation(new(s), p, new(o)) for s, p, o in facts.relations),
    )


def _distinct(first: Facts, second: Facts) -> Facts:
    return Facts(
        tuple(dict.fromkeys((*first.objects, *second.objects))),
        tuple(dict.fromkeys((*first.attributes, *second.attributes))),
        tuple(dict.fromkeys((*first.relations, *second.relations))),
    )


def _same_attribute(one: Attribute, other: Attribute, names: dict[str, str]) -> bool:
    same = names.get(other.object) == one.object
    return same and _word(ATTRIBUTES, one.attribute) == _word(ATTRIBUTES, other.attribute)


def _same_relation(one: Relation, other: Relation, names: dict[str, str]) -> bool:
    ends = names.get(other.subject), names.get(other.object)
    return ends == (one.subject, one.object) and _same_predicate(one.predicate, other.predicate)


def _same_predicate(one: str, other: str) -> bool:
    """``sit on`` says more than ``on`` of the same two things, but not something else."""
    short, long = sorted((one, other), key=len)
    alike = _word(PREDICATES, one) == _word(PREDICATES, other)
    return alike or long.endswith(f" {short}") or long.startswith(f"{short} ")


def _pairs(
    first: Iterable[_Fact],
    second: Iterable[_Fact],
    names: dict[str, str],
    same: Callable[[_Fact, _Fact, dict[str, str]], bool],
) -> list[tuple[_Fact, _Fact]]:
    left = dict.fromkeys(first)
    found = []
    for other in second:
        match = next((own for own in left if same(own, other, names)), None)
        if match is not None:
            found.append((match, other))
            del left[match]
    return found


def _first(pairs: Iterable[tuple[_Fact, _Fact]]) -> tuple[_Fact, ...]:
    return tuple(first for first, _ in pairs)


def _second(pairs: Iterable[tuple[_Fact, _Fact]]) -> tuple[_Fact, ...]:
    return tuple(second for _, second in pairs)


def _word(words: Mapping[str, str], term: str) -> str:
    return words.get(term, term)


def _head(name: str) -> str:
    return name.rpartition(" ")[2]


def _is_synonym(one: str, other: str) -> bool:
    return OBJECTS.get(one, one) == OBJECTS.get(other, other)


def _is_longer(one: str, other: str) -> bool:
    """Return whether one name is the other with more in front."""
    short, long = sorted((one, other), key=len)
    return long.endswith(f" {short}")


def _is_kind(one: str, other: str) -> bool:
    first, second = (OBJECTS.get(_head(name), _head(name)) for name in (one, other))
    return second in KINDS.get(first, ()) or first in KINDS.get(second, ())


_CLOSEST_FIRST: tuple[Matches, ...] = (str.__eq__, _is_synonym, _is_longer, _is_kind)
