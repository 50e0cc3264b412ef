"""A raw caption and what is added to it -> one caption, as a person might have written it."""

import html
import re

from ..text.split_sentences import is_finished

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|\n)[\"'(\[“‘*#|•-]*\s*")
_TAG = re.compile(r"</?[a-z][^<>]{0,500}>", re.IGNORECASE)
_SEPARATORS = " \t,;:|/\\-–—•·&+_"
_EMPTY = frozenset(
    "a an the this that these those there here is are was were be it its of in on at to by with "
    "and or as for from photo photos image images picture pictures photograph photographs shot "
    "view some one".split()
)
_NO_NAMES = frozenset(
    "image photo picture photograph jpg jpeg png gif img untitled stock download file thumbnail "
    "screenshot screen copy scan page foto bild".split()
)
_FUNCTION = frozenset(
    "a an the this these those there here two three four five six seven eight nine ten several "
    "some many various multiple people someone it its he she they his her their in on at with "
    "inside under from as".split()
)
_THERE = re.compile(r"^there (?:is|are) ", re.IGNORECASE)
_VERB = re.compile(r" (?:is|are) ")
_NOUN_PHRASE = re.compile(r"^(?:an?|the|two|three|four|five|several|some|many) ", re.IGNORECASE)
_LONG_WORDS = 25


def names_in(text: str) -> list[str]:
    """Return the capitalised words of ``text`` that do not open a sentence."""
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    return [
        word[0]
        for word in _WORD.finditer(text)
        if word[0][0].isupper() and word.start() not in starts
    ]


def has_names(text: str) -> bool:
    """Return whether ``text`` names what no model can see; ``Image`` is no name."""
    return any(name.lower() not in _NO_NAMES for name in names_in(text))


def plain_caption(raw: str) -> str:
    """Return a raw caption on one line, without tags, entities and separators at its end."""
    text = " ".join(_TAG.sub(" ", html.unescape(raw)).split())
    return text.rstrip(_SEPARATORS) or text


def restates(said: str, raw: str) -> bool:
    """Return whether every word of ``raw`` that says something is in ``said``, too."""
    words = {word.lower() for word in _WORD.findall(said)}
    return all(word in words for word in _saying(raw))


def _saying(text: str) -> list[str]:
    return [word for word in map(str.lower, _WORD.findall(text)) if word not in _EMPTY]


def stand_in(raw: str, said: str) -> str:
    """Return ``said``, which restates ``raw``, in the raw caption's own way.

    >>> stand_in("There is a dog.", "A brown dog is lying on a rug.")
    'There is a brown dog lying on a rug.'
    """
    there = _THERE.match(raw)
    if there is None or not _NOUN_PHRASE.match(said):
        return said
    return there[0] + _VERB.sub(" ", said[0].lower() + said[1:], count=1)


def join(raw: str, said: str, objects: frozenset[str] = frozenset()) -> str:
    """Return ``raw`` with ``said`` behind it.

    A title is joined by a colon, a finished sentence or a long text by a new sentence. ``objects``
    are words for things, which no colon is followed by in capitals.

    >>> join("Barnwood Home Bar", "A wooden bar with stools.")
    'Barnwood Home Bar: a wooden bar with stools.'
    """
    if not raw or not said:
        return raw or said
    if is_finished(raw):
        return f"{raw} {_capital(said)}"
    if ":" in raw or len(raw.split()) > _LONG_WORDS:
        return f"{raw}. {_capital(said)}"
    first = _WORD.match(said)
    if first is not None and first[0] in {word.capitalize() for word in (*_FUNCTION, *objects)}:
        said = said[0].lower() + said[1:]
    return f"{raw}: {said}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
