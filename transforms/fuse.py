"""Raw caption and generated parts -> the caption that is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..schemas.facts import Facts
from .imbalance import unite


class Mode(StrEnum):
    """What is made of a sparse pair that has a generated caption."""

    REPLACE = "replace"
    APPEND = "append"
    FUSE = "fuse"
    MIX = "mix"


class CaptionSource(StrEnum):
    """Where a written caption comes from."""

    RAW = "raw"
    GENERATED = "generated"
    FUSED = "fused"


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence and what it states."""

    text: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Written:
    """A caption to be written, where it comes from and what it states."""

    text: str
    source: CaptionSource
    facts: Facts


_NAME = re.compile(r"(?<=\s)[A-Z][\w'-]+")
_COLOURS = frozenset(
    "black white grey gray red green blue yellow orange purple pink brown silver gold beige".split()
)


def fuse(raw: str, raw_facts: Facts, parts: Sequence[Part], max_words: int) -> Written:
    """Return the raw caption with those parts that state facts which it lacks.

    A part that gives an object of the raw caption another colour is left out, and so is one that
    would make the caption longer than ``max_words``. The generated caption stands alone only where
    the raw one states no fact and holds no name.
    """
    if not len(raw_facts) and not _NAME.search(raw):
        return replace(parts)
    text, facts, said = raw.strip(), raw_facts, ""
    for part in parts:
        if part.text[0] in ", " and not text.endswith(said or "\0"):
            continue
        longer = _join(text, part.text)
        adds = len(unite(facts, part.facts)) > len(facts)
        if adds and not _contradicts(raw_facts, part.facts) and len(longer.split()) <= max_words:
            text, facts, said = longer, unite(facts, part.facts), part.text[1:]
    return Written(text, CaptionSource.RAW if text == raw.strip() else CaptionSource.FUSED, facts)


def append(raw: str, raw_facts: Facts, parts: Sequence[Part]) -> Written:
    """Return the raw caption with all of the generated one behind it."""
    text = raw.strip()
    for part in parts:
        text = _join(text, part.text)
    facts = unite(raw_facts, *(part.facts for part in parts))
    return Written(text, CaptionSource.FUSED, facts)


def replace(parts: Sequence[Part]) -> Written:
    """Return the generated caption alone."""
    text = ""
    for part in parts:
        text = f"{text} {part.text}".strip() if part.text[0] not in ", " else text + part.text
    return Written(text, CaptionSource.GENERATED, unite(*(part.facts for part in parts)))


def _join(text: str, part: str) -> str:
    if not text or part[0] in ", ":
        return text + part
    stop = "" if text.endswith((".", "!", "?", ";", ":")) else "."
    return f"{text}{stop} {part[0].upper()}{part[1:]}"


def _contradicts(raw: Facts, part: Facts) -> bool:
    colours = _colours(raw)
    return any(
        name in colours and not said <= colours[name] for name, said in _colours(part).items()
    )


def _colours(facts: Facts) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, attribute in facts.attributes:
        if attribute in _COLOURS:
            found.setdefault(name, set()).add(attribute)
    return found
