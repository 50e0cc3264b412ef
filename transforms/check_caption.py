"""A generated caption -> what it says, and the fault that forbids its use."""

import re
from collections import Counter

from ..schemas.fault import Fault

_OPENING = re.compile(
    r"^(?:this|the|an?)\s+(?:image|photo|photograph|picture)\s+(?:shows|depicts|features|of)\s+",
    re.IGNORECASE,
)
_MAX_REPEATS = 4


def check_caption(generated: str) -> tuple[str, Fault | None]:
    """Return what ``generated`` says, and its fault if it says nothing or the same for ever."""
    text = _OPENING.sub("", " ".join(generated.split()))
    if not any(character.isalnum() for character in text):
        return "", Fault.EMPTY
    if _repeats(text.lower().split()) > _MAX_REPEATS:
        return text, Fault.REPEATING
    return text, None


def _repeats(words: list[str]) -> int:
    """Return how often the most frequent sequence of three words comes."""
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    return max(triples.values(), default=0)
