"""The sources of a written caption, and the parts of a generated one."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .facts import Facts


class CaptionSource(StrEnum):
    """Which captions a written caption is made from."""

    RAW = "raw"
    GENERATED = "generated"
    FUSED = "fused"


@dataclass(frozen=True, slots=True)
class CaptionPart:
    """A sentence, or a clause that continues one, and the facts that it states.

    The text of a clause begins with the comma or the space that joins it to the part before it.
    """

    text: str
    facts: Facts

    @property
    def is_clause(self) -> bool:
        """Whether it continues the part before it."""
        return self.text[:1] in (",", " ")


def facts_of(parts: Iterable[CaptionPart]) -> Facts:
    """Return the distinct facts of all ``parts``."""
    return Facts().union(*(part.facts for part in parts))
