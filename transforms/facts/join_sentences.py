"""Sentences of one caption -> its facts: what the text means as one object becomes one."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from ..text.clean_caption import QUOTE
from .extract_facts import Mentions, Span

_PRONOUNS = {
    "it": "thing", "its": "thing", "he": "man", "his": "man", "she": "woman", "her": "woman",
    "they": "several", "their": "several", "him": "man", "them": "several",
}  # fmt: skip
_POSSESSIVE = frozenset({"its", "his", "her", "their"})
_AFTER_HER = frozenset("in on at to with and , | while as is from for by".split())
_MEN = frozenset("man boy guy gentleman male father son groom grandfather husband brother".split())
_WOMEN = frozenset("woman girl lady female mother daughter bride wife sister grandmother".split())
_EITHER = frozenset(
    "person child kid baby toddler player skier surfer rider batter catcher skateboarder "
    "snowboarder worker student teacher chef officer athlete adult singer dancer".split()
)
_SEVERAL = frozenset({"men", "women", "children"})
_DEFINITE = frozenset({"the", "this", "that", "his", "her", "its", "their"})


class Sentence(NamedTuple):
    """The words of a parsed sentence, and its facts with the positions of their words."""

    words: tuple[str, ...]
    mentions: Mentions


def name_pronouns(text: str, sentence: Sentence, before: Sequence[Sentence]) -> str:
    """The text with names for pronouns whose noun an earlier sentence has, not this one.

    A text that is not the plain words of its sentence is left as it is.
    """
    if text != " ".join(sentence.words):
        return text
    words: list[str] = []
    quoted = False
    for position, word in enumerate(sentence.words):
        quoted ^= word == QUOTE
        kind = None if quoted else _PRONOUNS.get(word)
        name = None
        if kind and _antecedent(kind, [_until(sentence, position)]) is None:
            name = _antecedent(kind, before)
        if name is None:
            words.append(word)
        elif _is_possessive(sentence.words, position):
            words += ["the", *name.split(" "), "'s"]
        else:
            words += ["the", *name.split(" ")]
    return " ".join(words)


def _until(sentence: Sentence, position: int) -> Sentence:
    """The sentence with the objects only that it names before a position."""
    objects = [(name, span) for name, span in sentence.mentions.objects if span[-1] < position]
    return Sentence(sentence.words, Mentions(objects, [], []))


def _is_possessive(words: Sequence[str], position: int) -> bool:
    """Whether a noun may follow: `her` alone, or before a word that begins a phrase, is `she`."""
    if words[position] == "her":
        return position + 1 < len(words) and words[position + 1] not in _AFTER_HER
    return words[position] in _POSSESSIVE


def _antecedent(kind: str, before: Sequence[Sentence]) -> str | None:
    """The name of the object named first in the last sentence that has one of a pronoun's kind."""
    for words, mentions in reversed(before):
        for name, span in mentions.objects:
            if kind in _kinds(name, words[span[-1]]):
                return name
    return None


def _kinds(name: str, word: str) -> set[str]:
    """Which pronouns an object of this name, by this word for its head, can have."""
    head = name.rpartition(" ")[2]
    plural = word.endswith("s") and not word.endswith("ss")
    if plural or head == "people" or not _SEVERAL.isdisjoint((head, word)):
        return {"several"}
    kinds = {"man"} if head in _MEN | _EITHER else set()
    if head in _WOMEN | _EITHER:
        kinds.add("woman")
    return kinds or {"thing"}


def join_sentences(sentences: Sequence[Sentence]) -> Facts:
    """The distinct facts of all sentences, in order of naming.

    A later `the racket` is the `tennis racket` of an earlier sentence, if no other racket is.
    """
    if len(sentences) == 1:
        return sentences[0].mentions.facts()
    joined = Mentions([], [], [])
    for _, (objects, attributes, relations) in _renamed(sentences):
        joined.objects.extend(objects)
        joined.attributes.extend(attributes)
        joined.relations.extend(relations)
    return joined.facts()


def words_of_facts(sentences: Sequence[Sentence]) -> dict[str | Attribute | Relation, str]:
    """The words of a caption that became each fact, none for a relation that no word expresses."""
    said: dict[str | Attribute | Relation, str] = {}
    for words, (objects, attributes, relations) in _renamed(sentences):
        every: list[tuple[str | Attribute | Relation, Span]] = [*objects, *attributes, *relations]
        for fact, span in every:
            said.setdefault(fact, " ".join(words[position] for position in span))
    return said


def _renamed(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Each sentence, with the objects' names that hold for the whole caption."""
    known: dict[str, None] = {}
    for words, mentions in sentences:
        renamed = {
            name: longer
            for name, span in mentions.objects
            if (longer := _longer_name(name, span, words, known))
        }
        yield Sentence(words, _rename(mentions, renamed))
        known |= {name: None for name, _ in mentions.objects if name not in renamed}


def _longer_name(
    name: str, span: tuple[int, ...], words: Sequence[str], known: dict[str, None]
) -> str | None:
    if name in known or not span or span[0] == 0 or words[span[0] - 1] not in _DEFINITE:
        return None
    return next((other for other in known if other.endswith(f" {name}")), None)


def _rename(mentions: Mentions, names: dict[str, str]) -> Mentions:
    if not names:
        return mentions

    def new(name: str) -> str:
        return names.get(name, name)

    return Mentions(
        [(new(name), span) for name, span in mentions.objects],
        [(Attribute(new(o), a), span) for (o, a), span in mentions.attributes],
        [(Relation(new(s), p, new(o)), span) for (s, p, o), span in mentions.relations],
    )
