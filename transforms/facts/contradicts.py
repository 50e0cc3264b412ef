"""Raw facts and a part's facts -> whether the part says otherwise of the same object."""

import re

from ...schemas.facts import Facts
from .match_facts import align_objects
from .wordings import ATTRIBUTES

_COLOURS = frozenset(
    "black white gray red green blue yellow orange purple pink brown silver gold beige tan "
    "turquoise maroon navy teal cream ivory violet grey golden".split()
)
_NUMBER = re.compile(r"\d{1,3}")


def contradicts(raw: Facts, part: Facts) -> bool:
    """Return whether ``part`` gives an object of ``raw`` another colour, or another number.

    One of several colours is no other colour. To have nothing in common is no contradiction.
    """
    names = align_objects(raw.objects, part.objects)
    known, said = _told(raw, {}), _told(part, names)
    return any(key in known and not told <= known[key] for key, told in said.items())


def _told(facts: Facts, names: dict[str, str]) -> dict[tuple[str, str], set[str]]:
    """Return the colours and the numbers of each object, by its name among the raw facts."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, attribute in facts.attributes:
        shade = attribute.rpartition(" ")[2]
        kind = "colour" if shade in _COLOURS else "number" if _NUMBER.fullmatch(shade) else None
        if kind is not None:
            told = ATTRIBUTES.get(shade, shade)
            found.setdefault((names.get(name, name), kind), set()).add(told)
    return found
