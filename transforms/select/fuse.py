"""Raw caption, parts of the generated one -> the caption that is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...schemas.captions import CaptionPart, CaptionSource, facts_of
from ...schemas.facts import Facts
from ..facts.contradicts import contradicts
from ..facts.match_facts import shared_facts
from ..text.split_sentences import is_hanging
from ..text.visible_text import visible_text
from .join_captions import (
    has_names,
    join,
    plain_caption,
    restates,
    stand_in,
    terms_in,
    without_repeats,
)

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


class Mode(StrEnum):
    """How the written caption of a sparse pair is made from its raw and generated captions."""

    REPLACE = "replace"
    APPEND = "append"
    FUSE = "fuse"
    MIX = "mix"


@dataclass(frozen=True, slots=True)
class WrittenCaption:
    """A caption that is written, with its source and its facts."""

    text: str
    source: CaptionSource
    facts: Facts


def fuse(
    raw: str, raw_facts: Facts, parts: Sequence[CaptionPart], max_words: int
) -> WrittenCaption:
    """Return the raw caption with those parts that state facts which it lacks.

    A part is left out if it contradicts the raw caption, if it adds no fact, however worded, if
    it breaks off, if it continues a part that is left out, or if it would make the caption longer
    than ``max_words`` or than a CLIP text encoder sees. If the raw caption has neither facts nor
    names, the generated one stands alone. If the parts say all that the raw caption says, in
    whatever words, they replace it, in its form; of a raw caption with names, they replace the
    segments that they repeat.
    """
    if not len(raw_facts) and not has_names(raw):
        return _generated(parts, max_words)
    text = plain_caption(raw)
    additions: list[CaptionPart] = []
    caption = WrittenCaption(raw.strip(), CaptionSource.RAW, raw_facts)
    previous: CaptionPart | None = None
    for part in parts:
        is_cut_off = part.is_clause and previous not in additions
        previous = part
        if is_cut_off or not _adds(caption.facts, raw_facts, part.facts):
            continue
        if is_hanging(part.text.rstrip(".")) or _has_other_years(text, part.text):
            continue
        longer = _fused(text, raw_facts, [*additions, part])
        if _fits(longer.text, max_words):
            additions.append(part)
            caption = longer
    return caption


def _generated(parts: Sequence[CaptionPart], max_words: int) -> WrittenCaption:
    """Return the parts that fit, and at least the first."""
    count = 1
    while count < len(parts) and _fits(_text_of(parts[: count + 1]), max_words):
        count += 1
    return replace(parts[:count])


def _fused(raw: str, raw_facts: Facts, additions: Sequence[CaptionPart]) -> WrittenCaption:
    addition = _text_of(additions)
    added = facts_of(additions)
    facts = raw_facts.union(added)
    repeated = shared_facts(raw_facts, added).of_first
    says_all = len(repeated) == len(raw_facts) and not has_names(raw)
    if says_all and restates(addition, raw=raw, known=terms_in(raw_facts)):
        text = stand_in(raw, addition=addition)
    else:
        text = join(without_repeats(raw, addition), addition)
    return WrittenCaption(text, CaptionSource.FUSED, facts)


def _has_other_years(raw: str, part: str) -> bool:
    """Return whether both texts name years, and ``part`` one that ``raw`` does not."""
    known = {*_YEAR.findall(raw)}
    return bool(known) and not {*_YEAR.findall(part)} <= known


def _adds(facts: Facts, raw: Facts, part: Facts) -> bool:
    new = len(part) - len(shared_facts(facts, part).of_second)
    return new > 0 and not contradicts(raw, part)


def _fits(text: str, max_words: int) -> bool:
    return len(text.split()) <= max_words and visible_text(text) is None


def _text_of(parts: Sequence[CaptionPart]) -> str:
    """Return the text of parts, between which others may be left out."""
    text = ""
    for part in parts:
        if part.is_clause:
            text += part.text
        else:
            text = f"{_closed(text)} {part.text}" if text else part.text
    return text


def _closed(text: str) -> str:
    """End a sentence whose last clauses were left out."""
    return text if text[-1] in ".!?;\"')]”’" else f"{text}."


def append(raw: str, raw_facts: Facts, parts: Sequence[CaptionPart]) -> WrittenCaption:
    """Return the raw caption, followed by all of the generated one."""
    facts = raw_facts.union(facts_of(parts))
    text = join(plain_caption(raw), _text_of(parts))
    return WrittenCaption(text, CaptionSource.FUSED, facts)


def replace(parts: Sequence[CaptionPart]) -> WrittenCaption:
    """Return the generated caption alone."""
    return WrittenCaption(_text_of(parts), CaptionSource.GENERATED, facts_of(parts))
