"""Arcs of the shipped pipeline -> Facts.

The shipped parser draws no grammar but facts, under labels that this module reads:

========== ===================================================================================
label      the word ...
========== ===================================================================================
ROOT       names the sentence's first object (or nothing, where it has a `nil` child)
other      names an object that no fact ties to the ones before
conj       names an object that shares the place of its head (`cats and dogs`)
compound   is a part of its head's name (`tennis` of `racket`)
attr       is an attribute of the object it hangs from
part       is a further word of an attribute
rel        is the first word of a predicate whose subject is its head
rev        the same, but its head is the predicate's object (`of` in `leg of a man`)
pred       is a further word of a predicate
also       is a second predicate between the same two objects as its head
arg        names the object (under `rel`) or the subject (under `rev`) of its predicate
self       stands for the subject of its predicate once more (`next to each other`)
to=TERM    names the object of the predicate TERM, which no word expresses; its head the subject
from=TERM  the same, its head the object
skip, nil  says nothing
========== ===================================================================================

`rel`, `rev`, `pred` and `attr` may bear a term too (`rel=wear`): then that stands for the word.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...schemas.facts import Attribute, Facts, Relation
from .canonical_terms import Lexicon

OBJECT_KINDS = frozenset({"ROOT", "other", "conj", "arg", "to", "from"})

NOT_OBJECTS = frozenset(
    "it its itself he him his she her they them their we us our you your i me my one this that "
    "these those there here which who whom whose what where when how all some any each other "
    "another something anything nothing everything a an the and "
    "or of in on at to is are was were be not no for with by from as".split()
)
"""Words that name nothing in a picture."""

Span = tuple[int, ...]


class Role(NamedTuple):
    """A label taken apart: `rel=wear` is the kind `rel` with the term `wear`."""

    kind: str
    term: str = ""

    @classmethod
    def of(cls, label: str) -> "Role":
        kind, _, term = label.partition("=")
        return cls(kind, term)


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


def extract_facts(
    words: Sequence[str], heads: Sequence[int], roles: Sequence[Role], lexicon: Lexicon
) -> Mentions:
    """Read the facts off one parsed sentence; `heads` are positions in `words`."""
    return _Tree(words, heads, roles, lexicon).mentions()


class _Tree:
    def __init__(
        self, words: Sequence[str], heads: Sequence[int], roles: Sequence[Role], lexicon: Lexicon
    ) -> None:
        self.words, self.roles, self.lexicon = words, roles, lexicon
        self.children: list[list[int]] = [[] for _ in words]
        for word, head in enumerate(heads):
            if word != head and roles[word].kind != "skip":
                self.children[head].append(word)
        self.names: dict[int, tuple[str, Span]] = {}
        for word, role in enumerate(roles):
            if role.kind in OBJECT_KINDS and not self._of_kind(word, "nil"):
                name = self._name(word)
                if name[0] not in NOT_OBJECTS and any(map(str.isalpha, name[0])):
                    self.names[word] = name

    def mentions(self) -> Mentions:
        found = Mentions(list(self.names.values()), [], [])
        for item in self.names:
            for child in self.children[item]:
                kind, term = self.roles[child]
                if kind == "attr":
                    found.attributes.append(self._attribute(item, child))
                elif kind == "rel" or kind == "rev":
                    found.relations.extend(self._anchored(item, child))
                elif kind == "to" or kind == "from":
                    found.relations.extend(
                        self._relation(item, other, term, (), kind == "from")
                        for other in self._group(child)
                    )
        return found

    def _of_kind(self, word: int, kind: str) -> list[int]:
        return [child for child in self.children[word] if self.roles[child].kind == kind]

    def _name(self, word: int) -> tuple[str, Span]:
        span = (*self._of_kind(word, "compound"), word)
        return self.lexicon.object_term([self.words[part] for part in span]), span

    def _attribute(self, item: int, word: int) -> tuple[Attribute, Span]:
        span = tuple(sorted((word, *self._of_kind(word, "part"))))
        term = self.roles[word].term or self.lexicon.attribute_term([self.words[i] for i in span])
        return Attribute(self.names[item][0], term), span

    def _group(self, item: int, before: int | None = None) -> Iterator[int]:
        """An object and those that share its place, up to a position."""
        if item in self.names and (before is None or item < before):
            yield item
        for child in self._of_kind(item, "conj"):
            yield from self._group(child, before)

    def _anchored(self, item: int, anchor: int) -> Iterator[tuple[Relation, Span]]:
        """The relations of the predicate that starts at `anchor`, for each pair of its objects."""
        heads = list(self._group(item, anchor)) if anchor > item else [item]
        for span, others in self._predicates(anchor):
            named = [self.words[word] for word in span if not self.roles[word].term]
            if len(named) == len(span) and not self.lexicon.relates(named):
                continue
            predicate = " ".join(self._predicate_word(word) for word in span)
            for head in heads:
                for other in others:
                    own = self.roles[other].kind == "self"
                    for one in [head] if own else self._group(other):
                        reverse = self.roles[anchor].kind == "rev"
                        yield self._relation(head, one, predicate, span, reverse)

    def _predicates(self, anchor: int) -> list[tuple[Span, list[int]]]:
        """Each predicate that starts here, as the positions of its words, with its objects."""
        own = list(self._paths(anchor, ()))
        for second in self._of_kind(anchor, "also"):
            more = self._predicates(second)
            shared = [other for _, others in own or more for other in others]
            own = own or [((anchor,), shared)]
            own += more or [((second,), shared)]
        return own

    def _paths(self, word: int, path: Span) -> Iterator[tuple[Span, list[int]]]:
        branches = []
        path = (*path, word)
        for child in self._of_kind(word, "pred"):
            below = list(self._paths(child, ()))
            if below:
                branches.append(below)
            else:
                path += self._chain(child)
        others = self._of_kind(word, "arg") + self._of_kind(word, "self")
        if others:
            yield tuple(sorted(path)), others
        for below in branches:
            for span, far in below:
                yield tuple(sorted(path + span)), far

    def _chain(self, word: int) -> Span:
        below = (self._chain(child) for child in self._of_kind(word, "pred"))
        return (word, *(position for chain in below for position in chain))

    def _predicate_word(self, word: int) -> str:
        return self.roles[word].term or self.lexicon.predicate_word(self.words[word])

    def _relation(
        self, head: int, other: int, predicate: str, span: Span, reverse: bool
    ) -> tuple[Relation, Span]:
        subject, object_ = (other, head) if reverse else (head, other)
        return Relation(self.names[subject][0], predicate, self.names[object_][0]), span
