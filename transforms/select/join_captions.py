"""A raw caption and an addition -> one caption, as a person might have written it."""

import html
import re
from collections.abc import Collection
from itertools import chain

from ...schemas.facts import Facts
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
_SEGMENT = re.compile(r"((?:\s+[-–—|]|[:;,.|])\s+)")
_THERE = re.compile(r"^there (?:is|are) ", re.IGNORECASE)
_VERB = re.compile(r" (?:is|are) ")
_NOUN_PHRASE = re.compile(r"^(?:an?|the|two|three|four|five|several|some|many) ", re.IGNORECASE)


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
    """Return a raw caption on one line, without tags, entities and trailing separators.

    Marks of letters that were lost are left out, and quotes doubled by a CSV file become single.
    """
    text = " ".join(_TAG.sub(" ", html.unescape(raw)).replace("\ufffd", " ").split())
    if '""' in text:
        text = text.removeprefix('"').removesuffix('"').replace('""', '"')
    return text.rstrip(_SEPARATORS) or text


def restates(addition: str, *, raw: str, known: Collection[str] = ()) -> bool:
    """Return whether ``addition`` repeats every word of ``raw`` that carries meaning.

    ``known`` are words that it says in others.
    """
    return _words(raw) - _EMPTY - {*known} <= _words(addition)


def terms_in(facts: Facts) -> set[str]:
    """Return the words of all terms of ``facts``, and their plurals."""
    terms = [*facts.objects, *chain.from_iterable((*facts.attributes, *facts.relations))]
    words = {word for term in terms for word in term.split()}
    return words | {f"{word}s" for word in words} | {f"{word}es" for word in words}


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


def join(raw: str, addition: str) -> str:
    """Return ``raw``, followed by ``addition``, each as a sentence.

    >>> join("Barnwood Home Bar", "a wooden bar with stools")
    'Barnwood Home Bar. A wooden bar with stools.'
    """
    return " ".join(as_sentence(text) for text in (raw, addition) if text)


def as_sentence(text: str) -> str:
    """Return ``text`` with a capital at its start and a mark at its end; nothing is shouted.

    >>> as_sentence("GLOBAL WARMING COFFEE MUG")
    'Global warming coffee mug.'
    """
    if text.isupper() and len(_WORD.findall(text)) > 2:
        text = text.lower()
    first = _WORD.match(text)
    if first is not None and first[0].islower():
        text = text[0].upper() + text[1:]
    unfinished = text.rstrip(_SEPARATORS)
    return f"{unfinished}." if unfinished and not is_finished(text) else text


def without_repeats(raw: str, addition: str) -> str:
    """Return ``raw`` without those of its later segments that say nothing new.

    These repeat ``addition`` or what stands before them, or are words for a picture. Names stay.

    >>> without_repeats("Manuel Estates: Living room | stock photo", "The living room has chairs.")
    'Manuel Estates'
    """
    text, *pieces = _SEGMENT.split(raw)
    is_changed = False
    for mark, segment in zip(pieces[::2], pieces[1::2], strict=True):
        if _says_something(segment, f"{text} {addition}"):
            text += mark + segment
        else:
            is_changed = True
    return text.strip(_SEPARATORS) if is_changed else raw


def _says_something(segment: str, known: str) -> bool:
    new = _words(segment) - _EMPTY - _NO_NAMES - _words(known)
    return bool(new) or not {*names_in(segment)} <= {*_WORD.findall(known)}
