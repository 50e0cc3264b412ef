"""Raw caption and generated parts -> the caption that is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...schemas.captions import CaptionPart, CaptionSource
from ...schemas.facts import Facts
from ..facts.contradicts import contradicts
from ..facts.match_facts import shared_facts
from ..information.imbalance import unite
from ..text.visible_text import visible_text
from .join_captions import has_names, join, plain_caption, restates, stand_in


class Mode(StrEnum):
    """What is made of a sparse pair that has a generated caption."""

    REPLACE = "replace"
    APPEND = "append"
    FUSE = "fuse"
    MIX = "mix"


@dataclass(frozen=True, slots=True)
class Written:
    """A caption to be written, where it comes from and what it states."""

    text: str
    source: CaptionSource
    facts: Facts


def fuse(raw: str, raw_facts: Facts, parts: Sequence[CaptionPart], max_words: int) -> Written:
    """Return the raw caption with those parts that state facts which it lacks.

    Left out is a part that contradicts the raw caption, adds nothing in whatever words, goes on
    with one that is left out, or would make the caption longer than ``max_words`` or than what a
    CLIP text encoder sees. The generated caption stands alone only where the raw one states no fact
    and holds no name. Of a raw caption of which every word that says something comes again in the
    parts, no more than the form is kept.
    """
    if not len(raw_facts) and not has_names(raw):
        return _generated(parts, max_words)
    text = plain_caption(raw)
    chosen: list[CaptionPart] = []
    written = Written(raw.strip(), CaptionSource.RAW, raw_facts)
    last: CaptionPart | None = None
    for part in parts:
        followed = last is not None and last in chosen
        last = part
        if (part.goes_on and not followed) or not _adds(written.facts, raw_facts, part.facts):
            continue
        longer = _written(text, raw_facts, [*chosen, part])
        if _fits(longer.text, max_words):
            chosen.append(part)
            written = longer
    return written


def _generated(parts: Sequence[CaptionPart], max_words: int) -> Written:
    """Return the generated caption alone, as far as the budget goes; at least its first part."""
    kept = list(parts[:1])
    for part in parts[1:]:
        if not _fits(_text_of([*kept, part]), max_words):
            break
        kept.append(part)
    return replace(kept)


def _written(raw: str, raw_facts: Facts, chosen: Sequence[CaptionPart]) -> Written:
    said = _text_of(chosen)
    added = unite(*(part.facts for part in chosen))
    facts = unite(raw_facts, added)
    stated = shared_facts(raw_facts, added).of_first
    if len(stated) == len(raw_facts) and restates(said, raw):
        return Written(stand_in(raw, said), CaptionSource.FUSED, facts)
    return Written(join(raw, said, frozenset(added.objects)), CaptionSource.FUSED, facts)


def _adds(known: Facts, raw: Facts, part: Facts) -> bool:
    new = len(part) - len(shared_facts(known, part).of_second)
    return new > 0 and not contradicts(raw, part)


def _fits(text: str, max_words: int) -> bool:
    return len(text.split()) <= max_words and visible_text(text) is None


def _text_of(parts: Sequence[CaptionPart]) -> str:
    """Return the text of parts that follow each other, or leave others out."""
    text = ""
    for part in parts:
        if part.goes_on:
            text += part.text
        else:
            text = f"{_closed(text)} {part.text}" if text else part.text
    return text


def _closed(text: str) -> str:
    """End a sentence of which the last clauses were left out."""
    return text if text[-1] in ".!?;\"')]”’" else f"{text}."


def append(raw: str, raw_facts: Facts, parts: Sequence[CaptionPart]) -> Written:
    """Return the raw caption with all of the generated one behind it."""
    said = _text_of(parts)
    facts = unite(raw_facts, *(part.facts for part in parts))
    return Written(join(plain_caption(raw), said), CaptionSource.FUSED, facts)


def replace(parts: Sequence[CaptionPart]) -> Written:
    """Return the generated caption alone."""
    facts = unite(*(part.facts for part in parts))
    return Written(_text_of(parts), CaptionSource.GENERATED, facts)
