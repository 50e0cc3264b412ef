"""Where a written caption comes from, and the parts that a generated one is made of."""

from dataclasses import dataclass
from enum import StrEnum

from .facts import Facts


class CaptionSource(StrEnum):
    """Where a written caption comes from."""

    RAW = "raw"
    GENERATED = "generated"
    FUSED = "fused"


@dataclass(frozen=True, slots=True)
class CaptionPart:
    """A sentence, or a clause that continues one, and the facts that it states.

    A clause begins with the comma or the space that joins it to the text before it.
    """

    text: str
    facts: Facts

    @property
    def goes_on(self) -> bool:
        """Whether it needs the part before it."""
        return self.text[:1] in (",", " ")
