"""Raw caption -> sentences of plain lower-case words, separated by single spaces."""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,2000}>")
_WORD = re.compile(r"'s\b|\d+(?:[.,]\d+)+|\w+(?:-\w+)*(?:'(?!s\b)\w+)*|[^\w\s]")
_BREAK = frozenset(".!?;:|()[]{}<>\\•·…–—=~*^_»«")
_JOINS = {",": ",", "/": ",", "&": "and", "+": "and"}
_SPEAKS = re.compile(r"\w")


def clean_caption(caption: str) -> list[str]:
    """Split a caption into sentences; within one, words and commas have one space between them."""
    text = html.unescape(_TAG.sub(" . ", caption)).replace("’", "'").replace("`", "'").lower()
    return [" ".join(words) for words in _sentences(_WORD.findall(text))]


def _sentences(words: list[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for word in (*words, "."):
        if word in _BREAK:
            if any(map(_SPEAKS.search, sentence)):
                yield sentence
            sentence = []
        elif _SPEAKS.search(word):
            sentence.append(word)
        elif word in _JOINS:
            sentence.append(_JOINS[word])
