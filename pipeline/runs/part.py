"""One of several launchers that share a phase: ``--part I/N``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...schemas.errors import UsageError
from ...schemas.source import Source

_PART = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Part:
    """The ``number``-th of ``parts``, counted from 1; it has every ``parts``-th source shard."""

    number: int = 1
    parts: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether it is the only part."""
        return self.parts == 1

    def of(self, sources: Sequence[Source]) -> list[Source]:
        """Return the sources of this part."""
        return [source for source in sources if source.number % self.parts == self.number - 1]

    def share(self, count: int) -> int:
        """Return this part's share, at least 1, of a limit for all parts together."""
        return max(1, count // self.parts)

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"


WHOLE = Part()


def read_part(text: str) -> Part:
    """Return the part that ``text`` names, the whole for an empty one. Raises UsageError."""
    if not text:
        return WHOLE
    match = _PART.fullmatch(text)
    if match is not None:
        number, parts = map(int, match.groups())
        if 1 <= number <= parts:
            return Part(number, parts)
    raise UsageError(f"--part must be I/N with I from 1 to N, such as 2/8, not {text}")
