"""A raw caption and an addition -> one caption, as a person might have written it."""

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
    """Return the capitalised words of ``text`` that do not begin a sentence."""
    starts = {match.end() for match in _SENTENCE_START.finditer(text)}
    return [
        word[0]
        for word in _WORD.finditer(text)
        if word[0][0].isupper() and word.start() not in starts
    ]


def has_names(text: str) -> bool:
    """Return whether ``text`` holds a name, which no model can see; ``Image`` does not count."""
    return any(name.lower() not in _NO_NAMES for name in names_in(text))


def plain_caption(raw: str) -> str:
    """Return a raw caption on one line, without tags, entities and trailing separators."""
    text = " ".join(_TAG.sub(" ", html.unescape(raw)).split())
    return text.rstrip(_SEPARATORS) or text


def restates(addition: str, *, raw: str) -> bool:
    """Return whether ``addition`` repeats every word of ``raw`` that carries meaning."""
    return _words(raw) - _EMPTY <= _words(addition)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def stand_in(raw: str, *, addition: str) -> str:
    """Return ``addition``, which restates ``raw``, in the form of the raw caption.

    >>> stand_in("There is a dog.", addition="A brown dog is lying on a rug.")
    'There is a brown dog lying on a rug.'
    """
    there = _THERE.match(raw)
    if there is None or not _NOUN_PHRASE.match(addition):
        return addition
    return there[0] + _VERB.sub(" ", addition[0].lower() + addition[1:], count=1)


def join(raw: str, addition: str, objects: frozenset[str] = frozenset()) -> str:
    """Return ``raw``, followed by ``addition``.

    A title is followed by a colon, a finished sentence or a long text by a new sentence. After a
    colon, a first word that is a function word or among ``objects`` is written in lower case.

    >>> join("Barnwood Home Bar", "A wooden bar with stools.")
    'Barnwood Home Bar: a wooden bar with stools.'
    """
    if not raw or not addition:
        return raw or addition
    if is_finished(raw):
        return f"{raw} {_capital(addition)}"
    if ":" in raw or len(raw.split()) > _LONG_WORDS:
        return f"{raw}. {_capital(addition)}"
    first = _WORD.match(addition)
    if first is not None and first[0] in {word.capitalize() for word in (*_FUNCTION, *objects)}:
        addition = addition[0].lower() + addition[1:]
    return f"{raw}: {addition}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
