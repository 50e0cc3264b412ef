"""Raw facts and a part's facts -> whether the part says otherwise of the same object."""

import re

from ...schemas.facts import Facts
from .match_facts import align_objects

_COLOURS = frozenset(
    "black white gray red green blue yellow orange purple pink brown silver gold beige tan "
    "turquoise maroon navy teal cream ivory violet grey golden".split()
)
_SAME_COLOURS = {"grey": "gray", "golden": "gold", "violet": "purple"}
_NUMBER = re.compile(r"\d{1,3}")
_JOINED = re.compile(r"[ ,-]+")


def contradicts(raw: Facts, part: Facts) -> bool:
    """Return whether ``part`` gives an object of ``raw`` other colours, or another number.

    One of several colours is no other colour, and neither are more of them. To have nothing in
    common is no contradiction.
    """
    names = align_objects(raw.objects, part.objects)
    known, said = _told(raw, {}), _told(part, names)
    return any(key in known and told.isdisjoint(known[key]) for key, told in said.items())


def _told(facts: Facts, names: dict[str, str]) -> dict[tuple[str, str], set[str]]:
    """Return the colours and the numbers of each object, by its name among the raw facts."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, attribute in facts.attributes:
        words = _JOINED.split(attribute)
        colours = {_SAME_COLOURS.get(word, word) for word in words if word in _COLOURS}
        number = {words[-1]} if _NUMBER.fullmatch(words[-1]) else set()
        for kind, told in (("colour", colours), ("number", number)):
            if told:
                found.setdefault((names.get(name, name), kind), set()).update(told)
    return found
