"""Text -> its sentences, and of a long one its clauses; joined, they are the text again."""

import re
from collections.abc import Iterator

_END = re.compile(r"[.!?;]+[\"')\]”’]*\s+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[a-z]|(?:[a-z]\.)+[a-z]|mr|mrs|ms|dr|prof|st|mt|ft|jr|sr|vs|no|vol|ca|approx|"
    r"inc|ltd|co|corp|dept|est|etc|feat)\.$",
    re.IGNORECASE,
)
_LAST = re.compile(r"[.!?…][\"')\]”’]*$")
_HANGING = frozenset(
    "a an the of in on at to by with from for and or but is are was were has have as into that "
    "which while their his her its this these near behind under over between".split()
)
_OPENS_A_CLAUSE = (
    "while|where|whereas|and|with|surrounded|accompanied|holding|wearing|looking|sitting|standing|"
    "showing|featuring|including|suggesting|creating|adding|indicating|possibly|likely"
)
_CLAUSE = re.compile(rf"(?<!,)(?= (?:while|where|whereas) )|(?=, (?:{_OPENS_A_CLAUSE}) )")
LONG_SENTENCE = 16
"""A sentence of more words than this is divided into clauses."""


def split_sentences(text: str) -> list[str]:
    """Return the sentences of ``text``, in order, without the space between them.

    An abbreviation or an initial ends no sentence.
    """
    sentences, start = [], 0
    for end in _END.finditer(text):
        if not _ABBREVIATION.search(text[start : end.end()].rstrip()):
            sentences.append(text[start : end.end()].rstrip())
            start = end.end()
    return [*sentences, text[start:]] if text[start:].strip() else sentences


def split_clauses(sentence: str) -> list[str]:
    """Return the clauses of a long sentence, the whole of a short one.

    Every clause but the first begins with the comma or the space that joins it to what it follows,
    and can be left out without breaking the sentence.
    """
    if len(sentence.split()) <= LONG_SENTENCE:
        return [sentence]
    return list(_merge(_CLAUSE.split(sentence)))


def _merge(pieces: list[str]) -> Iterator[str]:
    """Join pieces until each has at least three words: less is no clause."""
    clause = ""
    for piece in pieces:
        if clause and len(piece.split()) > 2 and len(clause.split()) > 2:
            yield clause
            clause = piece
        else:
            clause += piece
    yield clause


def is_finished(sentence: str) -> bool:
    """Return whether a sentence has a mark at its end."""
    return _LAST.search(sentence) is not None


def is_hanging(sentence: str) -> bool:
    """Return whether a sentence ends in a word or a mark that asks for more."""
    words = sentence.split()
    return bool(words) and (words[-1].lower() in _HANGING or words[-1][-1] in ",:(-–—/&")
