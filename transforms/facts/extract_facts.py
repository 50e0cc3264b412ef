"""Arcs of the shipped parser -> Facts.

The shipped parser draws no grammar but facts: arcs from a word, the head, to another one or to
itself, under labels that this module reads. A word can be at the end of any number of arcs.

========= ====================================================================================
label     the word at the arc's end ...
========= ====================================================================================
object    names an object; the head is the word itself
compound  is a part of the name of the object at the head (`tennis` of `racket`)
attr      is an attribute of the object at the head
part      is a further word of the attribute at the head
subj      names the subject of the predicate at the head, which is the predicate's last word
obj       names the object of the predicate at the head
self      stands for the subject of the predicate at the head (`next to each other`)
pred      is an earlier word of the predicate at the head
to=TERM   names the object of the predicate TERM, which no word expresses; the head its subject
========= ====================================================================================

`obj` and `pred` may bear a term too (`obj=wear`): then that stands for the predicate's word.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ...models.arc_network import Arc
from ...schemas.facts import Attribute, Facts, Relation
from .canonical_terms import Lexicon

NOT_OBJECTS = frozenset(
    "it its itself he him his she her they them their we us our you your i me my one this that "
    "these those there here which who whom whose what where when how all some any each other "
    "another nobody none something anything nothing everything a an the and "
    "or of in on at to is are was were be not no for with by from as".split()
)
"""Words that name nothing in a picture."""

Span = tuple[int, ...]


class Mentions(NamedTuple):
    """Facts as a text names them, doubles included, each with the positions of its own words."""

    objects: list[tuple[str, Span]]
    attributes: list[tuple[Attribute, Span]]
    relations: list[tuple[Relation, Span]]

    def facts(self) -> Facts:
        """The distinct facts, in the order of their first mention."""
        return Facts(
            tuple(dict.fromkeys(name for name, _ in self.objects)),
            tuple(dict.fromkeys(attribute for attribute, _ in self.attributes)),
            tuple(dict.fromkeys(relation for relation, _ in self.relations)),
        )


def extract_facts(words: Sequence[str], arcs: Iterable[Arc], lexicon: Lexicon) -> Mentions:
    """Read the facts off one parsed sentence."""
    return _Graph(words, arcs, lexicon).mentions()


class _Graph:
    def __init__(self, words: Sequence[str], arcs: Iterable[Arc], lexicon: Lexicon) -> None:
        self.words, self.lexicon = words, lexicon
        self.ends: dict[int, dict[str, list[tuple[int, str]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        objects: set[int] = set()
        for head, word, label in arcs:
            kind, _, term = label.partition("=")
            self.ends[head][kind].append((word, term))
            if kind in {"object", "attr", "to"}:
                objects.add(head)
            if kind in {"subj", "obj", "to"}:
                objects.add(word)
        self.names: dict[int, tuple[str, Span]] = {}
        for word in sorted(objects):
            name = self._name(word)
            if name[0] not in NOT_OBJECTS and any(map(str.isalpha, name[0])):
                self.names[word] = name

    def mentions(self) -> Mentions:
        found = Mentions(list(self.names.values()), [], [])
        for head in sorted(self.ends):
            if head in self.names:
                found.attributes.extend(self._attributes(head))
                found.relations.extend(self._unspelled(head))
            found.relations.extend(self._relations(head))
        return found

    def _words(self, head: int, kind: str) -> list[int]:
        return [word for word, _ in self.ends[head][kind]] if head in self.ends else []

    def _name(self, word: int) -> tuple[str, Span]:
        span = (*(part for part in self._words(word, "compound") if part != word), word)
        return self.lexicon.object_term([self.words[part] for part in span]), span

    def _attributes(self, item: int) -> Iterator[tuple[Attribute, Span]]:
        for word in self._words(item, "attr"):
            span = tuple(sorted({word, *self._words(word, "part")}))
            term = self.lexicon.attribute_term([self.words[part] for part in span])
            yield Attribute(self.names[item][0], term), span

    def _unspelled(self, subject: int) -> Iterator[tuple[Relation, Span]]:
        for word, term in self.ends[subject]["to"]:
            if word in self.names:
                yield Relation(self.names[subject][0], term, self.names[word][0]), ()

    def _relations(self, anchor: int) -> Iterator[tuple[Relation, Span]]:
        """The relations of the predicate that ends at `anchor`, for each pair of its objects."""
        subjects = [word for word in self._words(anchor, "subj") if word in self.names]
        if not subjects:
            return
        for word, term in self.ends[anchor]["obj"]:
            predicate, span = self._predicate(anchor, term)
            if predicate and word in self.names:
                for subject in subjects:
                    if subject != word:
                        yield self._relation(subject, predicate, word), span
        for _, term in self.ends[anchor]["self"]:
            predicate, span = self._predicate(anchor, term)
            for subject in subjects if predicate else ():
                yield self._relation(subject, predicate, subject), span

    def _relation(self, subject: int, predicate: str, object_: int) -> Relation:
        return Relation(self.names[subject][0], predicate, self.names[object_][0])

    def _predicate(self, anchor: int, term: str) -> tuple[str, Span]:
        """The predicate that ends at `anchor`, empty where its words can make none."""
        parts = sorted({*self.ends[anchor]["pred"], (anchor, term)})
        span = tuple(word for word, _ in parts)
        if not any(own for _, own in parts) and not self.lexicon.relates(
            [self.words[word] for word in span]
        ):
            return "", span
        return " ".join(
            own or self.lexicon.predicate_word(self.words[word]) for word, own in parts
        ), span
