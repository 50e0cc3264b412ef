"""Sentences of one caption -> its facts: what the text means as one object becomes one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from ..text.clean_caption import QUOTE
from .extract_facts import Mentions, Span
from .wordings import GENERAL

_PRONOUNS = {
    "it": "thing", "its": "thing", "he": "man", "his": "man", "she": "woman", "her": "woman",
    "they": "several", "their": "several", "him": "man", "them": "several",
}  # fmt: skip
_ORDINALS = {"former": 0, "latter": 1}
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


class _Referent(NamedTuple):
    """What a pronoun can mean."""

    position: int
    name: str
    kinds: frozenset[str]


def name_pronouns(texts: Sequence[str], parsed: Mapping[str, Sentence]) -> list[str]:
    """Sentences with names for pronouns whose noun an earlier sentence has, not their own.

    A text that is not the plain words of its sentence is left as it is.
    """
    before: list[list[_Referent]] = []
    named = []
    for text in texts:
        sentence = parsed[text]
        own = [
            _Referent(span[-1], name, _kinds(name, sentence.words[span[-1]]))
            for name, span in sentence.mentions.objects
        ]
        plain = before and text == " ".join(sentence.words)
        named.append(_with_names(sentence.words, own, before) if plain else text)
        before.append(sorted(own))
    return named


def _with_names(
    words: Sequence[str], own: list[_Referent], before: Sequence[Sequence[_Referent]]
) -> str:
    """The words with names for pronouns; what these mean becomes one of the ``own`` referents."""
    named: list[str] = []
    given: list[_Referent] = []
    quoted = False
    for position, word in enumerate(words):
        quoted ^= word == QUOTE
        referent = None if quoted else _meant(word, position, words, own, [*before, given])
        follows = bool(given) and given[-1].position == position - 1 and named[-1] != "'s"
        if referent is None:
            named.append("is" if word == "'s" and follows else word)
            continue
        given.append(referent._replace(position=position))
        article = () if named[-1:] == ["the"] else ("the",)
        named += [*article, referent.name]
        if _is_possessive(words, position):
            named.append("'s")
    own += given
    return " ".join(named)


def _meant(
    word: str,
    position: int,
    words: Sequence[str],
    own: Sequence[_Referent],
    before: Sequence[Sequence[_Referent]],
) -> _Referent | None:
    if word in _ORDINALS and position and words[position - 1] == "the":
        place = _ORDINALS[word]
        return before[-2][place] if len(before[-2]) > place else None
    kind = _PRONOUNS.get(word)
    if kind is None or any(kind in r.kinds for r in own if r.position < position):
        return None
    fitting = (r for referents in reversed(before) for r in referents if kind in r.kinds)
    return next(fitting, None)


def _is_possessive(words: Sequence[str], position: int) -> bool:
    """Whether a pronoun stands before its noun: `her` does not at the end or before `and`."""
    if words[position] == "her":
        return position + 1 < len(words) and words[position + 1] not in _AFTER_HER
    return words[position] in _POSSESSIVE


def _kinds(name: str, word: str) -> frozenset[str]:
    """Which pronouns an object of this name, by this word for its head, can have."""
    head = name.rpartition(" ")[2]
    plural = word.endswith("s") and not word.endswith("ss")
    if plural or head == "people" or not _SEVERAL.isdisjoint((head, word)):
        return frozenset({"several"})
    kinds = {"man"} if head in _MEN | _EITHER else set()
    if head in _WOMEN | _EITHER:
        kinds.add("woman")
    return frozenset(kinds or {"thing"})


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
    name: str, span: tuple[int, ...], words: Sequence[str], known: Mapping[str, None]
) -> str | None:
    """The name under which a definite object is known: a longer or, if only one, a more exact."""
    if name in known or not span or span[0] == 0 or words[span[0] - 1] not in _DEFINITE:
        return None
    longer = next((other for other in known if other.endswith(f" {name}")), None)
    exact = GENERAL.get(name, ())
    named = [other for other in known if other.rpartition(" ")[2] in exact]
    return longer or (named[0] if len(named) == 1 else None)


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
