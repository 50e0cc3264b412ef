"""Sentences of one caption -> its facts: what the text means as one object becomes one."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from .extract_facts import Mentions, Span

_PRONOUNS = {
    "it": "thing", "its": "thing", "he": "man", "his": "man", "she": "woman", "her": "woman",
    "they": "several", "their": "several",
}  # fmt: skip
_POSSESSIVE = frozenset({"its", "his", "her", "their"})
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


def name_pronoun(text: str, before: Sequence[Sentence]) -> str:
    """Put the name of what came before in the place of a pronoun that a sentence begins with."""
    first, _, rest = text.partition(" ")
    kind = _PRONOUNS.get(first)
    name = _antecedent(kind, before) if kind else None
    if name is None:
        return text
    own = " 's" if first in _POSSESSIVE else ""
    return f"the {name}{own} {rest}".rstrip()


def _antecedent(kind: str, before: Sequence[Sentence]) -> str | None:
    for words, mentions in reversed(before):
        for name, span in mentions.objects:
            head = name.rpartition(" ")[2]
            human = head in _MEN or head in _WOMEN or head in _EITHER or head == "people"
            plural = words[span[-1]].endswith("s") or not _SEVERAL.isdisjoint(
                (head, words[span[-1]])
            )
            fits = {
                "man": head in _MEN or head in _EITHER,
                "woman": head in _WOMEN or head in _EITHER,
                "several": plural,
                "thing": not human and not plural,
            }
            if fits[kind]:
                return name
    return None


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
