"""A captioner's answer -> a caption of the image, or the fault for which it must not be used."""

import re
from collections import Counter

from ...schemas.fault import Fault
from ...schemas.printable import without_controls
from ..text.recognise_language import PARSER_LANGUAGE, recognise_language
from ..text.split_sentences import is_finished, is_hanging, split_sentences

_MARKS = re.compile(r"<\|?/?[a-z_]{1,20}\|?>|\[/?INST\]|\*\*|__|^#+ |^(?:[-*•] |\d+[.)] )", re.M)
_ROLE = re.compile(r"^(?:assistant|answer|caption|description|output)\s*[:\n]\s*", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)\b[^.:!\n]{0,20}[.:!,]\s*)?"
    r"(?:(?:here(?:'s| is| are)|below is|this is)\b[^.:\n]{0,60}"
    r"\b(?:caption|description|image|photo|picture)s?\b[^.:\n]{0,40}:\s*)?",
    re.IGNORECASE,
)
_PICTURE = r"(?:image|photo|photograph|picture|scene|snapshot)"
_SHOWS = (
    "shows|depicts|features|displays|captures|presents|contains|showcases|portrays|illustrates|"
    "is of|is showing|of|showing|depicting|featuring|"
    "is an? (?:close-up )?(?:image|photo|photograph|picture|shot|view) of"
)
_OPENING = re.compile(
    rf"^(?:(?:in|on) (?:this|the) {_PICTURE},? (?:(?:we|you|i|one) (?:can )?see)?\s*"
    rf"|(?:this|the|an?) (?:[a-z-]+ )?{_PICTURE} (?:clearly )?(?:{_SHOWS})(?:\s+|$)"
    rf"|(?:this|it) is (?:an? )?(?:[a-z-]+ )?{_PICTURE} (?:of|showing|depicting|featuring)\s+"
    rf"|{_PICTURE} (?:of|showing)\s+"
    r"|(?:we|you|i) can see\s+)",
    re.IGNORECASE,
)
_NO_WORD = re.compile(r"\baraf\w*\s+", re.IGNORECASE)
"""BLIP's largest captioner writes ``arafed``, which means nothing."""

_REFUSAL = re.compile(
    r"^(?:i(?:'m| am) (?:sorry|unable|not able)|i (?:cannot|can't|can not|am not able)|sorry\b|"
    r"as an ai\b|unfortunately,? i)",
    re.IGNORECASE,
)
_LOOP = re.compile(r"\b(\w+(?:\W+\w+){0,9}?)(?:\W+\1\b){2,}", re.IGNORECASE)
_MAX_REPEATS = 4
_MAX_CHARACTERS = 10_000


def check_caption(
    answer: str, *, prompt: str = "", is_cut: bool | None = None
) -> tuple[str, Fault | None]:
    """Return the caption in ``answer``, or an empty text and the fault.

    Removed are control characters, the marks of chats and of Markdown, an echo of the prompt,
    openings such as "The image shows", repeated sentences, and an unfinished last sentence.
    ``is_cut`` tells whether the model was stopped at its limit of tokens; None if that is unknown.
    """
    lines = map(without_controls, answer[:_MAX_CHARACTERS].splitlines())
    plain = _plain("\n".join(lines))
    text = _without_echo(plain, _plain(prompt))
    if not _has_words(text):
        return "", Fault.ECHOED_PROMPT if _has_words(plain) else Fault.EMPTY
    if _REFUSAL.match(text):
        return "", Fault.REFUSED
    sentences = _distinct(split_sentences(_without_opening(text)))
    if _is_loop(" ".join(sentences)):
        return "", Fault.REPEATING
    finished = " ".join(_finished(sentences, is_cut=is_cut))
    if not _has_words(finished):
        return "", Fault.CUT_OFF if sentences else Fault.EMPTY
    if recognise_language(finished) != PARSER_LANGUAGE:
        return "", Fault.OTHER_LANGUAGE
    return finished, None


def _plain(text: str) -> str:
    """Return ``text`` without marks, role and quotes, its lines joined as sentences."""
    unmarked = _ROLE.sub("", _MARKS.sub("", text).strip())
    lines = [" ".join(line.split()) for line in unmarked.splitlines() if line.strip()]
    closed = [line if line[-1] in ".!?:;," else f"{line}." for line in lines[:-1]]
    plain = " ".join([*closed, *lines[-1:]])
    quoted = len(plain) > 1 and plain[0] in "\"“'" and plain[-1] in "\"”'"
    return plain[1:-1].strip() if quoted and plain[0] not in plain[1:-1] else plain


def _without_echo(text: str, prompt: str) -> str:
    if prompt and text.lower().startswith(prompt.lower()):
        return _ROLE.sub("", text[len(prompt) :].lstrip(" :\n-"))
    return text


def _without_opening(text: str) -> str:
    """Remove openings about the picture as such; the new start has the case of the old one."""
    rest = _PREAMBLE.sub("", text, count=1)
    while (shorter := _OPENING.sub("", rest, count=1)) != rest:
        rest = shorter
    rest = _NO_WORD.sub("", rest)
    return rest[:1].upper() + rest[1:] if text[:1].isupper() else rest


def _distinct(sentences: list[str]) -> list[str]:
    first: dict[str, str] = {}
    for sentence in sentences:
        first.setdefault(sentence.lower(), sentence)
    return list(first.values())


def _is_loop(text: str) -> bool:
    """Return whether words repeat too often, one after the other or with others between."""
    words = text.lower().split()
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    most = max(triples.values(), default=0)
    return most > _MAX_REPEATS or _LOOP.search(text) is not None


def _finished(sentences: list[str], *, is_cut: bool | None) -> list[str]:
    """Return ``sentences`` without an unfinished last one.

    Many captioners set no full stop, so a last sentence without one counts as finished unless the
    model was stopped, its last word needs another, or it is unknown whether the model was stopped
    and there are sentences before it.
    """
    if not sentences or is_finished(sentences[-1]):
        return sentences
    if is_cut is False:
        sentences = [*sentences[:-1], sentences[-1].rstrip(" ,;:-–—&/")]
    breaks_off = is_hanging(sentences[-1]) or (len(sentences) > 1 if is_cut is None else is_cut)
    return sentences[:-1] if breaks_off else sentences


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
