"""Caption and gold scene graph -> the facts as positions of words.

The predicate of an aligned relation is empty where no word expresses it (`bus windshield`: `bus
have windshield`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import product
from typing import NamedTuple

from ...transforms.facts.canonical_terms import Lexicon
from .align_terms import Span, find_term
from .scene_graphs import SceneGraph, Term
from .spell_predicate import SILENT, Predicate, spell_predicate

RECIPROCAL = frozenset("other another themselves himself herself itself".split())
_SEEN = 20
"""An association counts little until its word has been seen about so often."""
_ASSOCIATED = 0.02
"""The least share of a word's sentences that must mean a predicate for the word to stand for it."""
_ALIKE = 0.72
"""How alike a slip of the pen must be to a term, by difflib's ratio."""
_SHORTEST = 4
"""Shorter words are too like one another to be slips of the pen."""
_AFTER = 0.5
"""What an attribute after its object costs beyond its distance: most stand before."""
_UNSPELLED = 5.0
"""The cost of a relation that no word expresses, beside the distance of its objects in words."""
_BEYOND = 2.0
"""Of each word of a predicate that is not between the objects, beside how far away it is."""
_TURNED = 0.5
"""Of a subject after its object: of two equal readings the other one holds."""


class AlignedRelation(NamedTuple):
    subject: Span
    predicate: Predicate
    object: Span
    term: str
    """The whole predicate, as the gold graph has it."""


class AlignedGraph(NamedTuple):
    words: tuple[str, ...]
    objects: dict[Span, Term]
    attributes: tuple[tuple[Span, Span, str], ...]
    relations: tuple[AlignedRelation, ...]


@dataclass
class Associations:
    """How often an unexplained gold predicate occurs beside a word that explains nothing else."""

    together: Counter[tuple[str, str]] = field(default_factory=Counter)
    free: Counter[str] = field(default_factory=Counter)

    def score(self, predicate: str, word: str) -> float:
        return self.together[predicate, word] / (_SEEN + self.free[word])


class Aligner:
    """Aligns graphs; `associations` are filled by `observe` in a first pass."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.associations = Associations()

    def noun_matches(self, word: str, term: str) -> bool:
        lexicon = self.lexicon
        if word == term or lexicon.noun(word) == lexicon.noun(term):
            return True
        return lexicon.object_term([word]) == lexicon.noun(term)

    def attribute_matches(self, word: str, term: str) -> bool:
        lexicon = self.lexicon
        return (
            word == term
            or lexicon.attribute_term([word]) == term
            or lexicon.verb(word) == lexicon.verb(term)
            or lexicon.noun(word) == lexicon.noun(term)
        )

    def verb_matches(self, word: str, term: str) -> bool:
        lexicon = self.lexicon
        return word == term or lexicon.predicate_word(word) == lexicon.predicate_word(term)

    def align(self, words: Sequence[str], graph: SceneGraph) -> AlignedGraph:
        where = {term: find_term(words, term, self.noun_matches) for term in graph.objects}
        self._forgive_spelling(words, where)
        for term, spans in list(where.items()):
            where[term] = [s for s in spans if not _inside_longer(s, term, where)] or spans
        named = {position for spans in where.values() for span in spans for position in span}
        attributes = self._attributes(words, graph, where)
        said = {p for _, span, _ in attributes for p in span}
        relations = self._relations(words, graph, where, named, said)
        names = {span: term for term, spans in where.items() for span in spans}
        used = {r.subject for r in relations} | {r.object for r in relations}
        used |= {item for item, _, _ in attributes}
        heads = {span[-1] for span in used}
        taken = said | {p for r in relations for p, _ in r.predicate}
        for term in graph.objects:
            spans = where[term]
            if spans and not any(span in used for span in spans):
                free = [s for s in spans if not set(s) & taken and s[-1] not in heads] or spans
                used.add(free[0])
        objects = {span: names[span] for span in sorted(used) if span in names}
        return AlignedGraph(tuple(words), objects, tuple(attributes), tuple(relations))

    def _forgive_spelling(self, words: Sequence[str], where: dict[Term, list[Span]]) -> None:
        named = {position for spans in where.values() for span in spans for position in span}
        left = {
            i: word for i, word in enumerate(words) if i not in named and len(word) >= _SHORTEST
        }
        for term in (t for t, spans in where.items() if not spans and len(t) == 1):
            close = get_close_matches(term[0], left.values(), n=1, cutoff=_ALIKE)
            where[term] = [(i,) for i, word in left.items() if word in close]

    def _attributes(
        self, words: Sequence[str], graph: SceneGraph, where: Mapping[Term, list[Span]]
    ) -> list[tuple[Span, Span, str]]:
        found = []
        for item, attribute in graph.attributes:
            spans = find_term(words, attribute, self.attribute_matches)
            pairs = [
                (_distance(i, a), i, a) for i in where[item] for a in spans if not set(a) & set(i)
            ]
            if pairs:
                _, i, a = min(pairs)
                found.append((i, a, " ".join(attribute)))
        return found

    def _relations(
        self,
        words: Sequence[str],
        graph: SceneGraph,
        where: Mapping[Term, list[Span]],
        named: set[int],
        said: set[int],
    ) -> list[AlignedRelation]:
        found = []
        for subject, predicate, object_ in graph.relations:
            options = [
                self._relation(words, s, predicate, o, named, said)
                for s, o in product(where[subject], where[object_])
                if not set(s) & set(o)
            ]
            if subject == object_ and not options:
                options = [
                    self._relation(words, s, predicate, (i,), named, said)
                    for s in where[subject]
                    for i, word in enumerate(words)
                    if word in RECIPROCAL and i > s[-1]
                ]
            if options:
                found.append(min(options, key=_cost))
        return found

    def _relation(
        self,
        words: Sequence[str],
        subject: Span,
        predicate: Term,
        object_: Span,
        named: set[int],
        said: set[int],
    ) -> AlignedRelation:
        blocked = set(subject) | set(object_)
        term = " ".join(predicate)
        aligned = self._spell(words, predicate, subject, object_, blocked | named | said)
        if not aligned:
            aligned = self._spell(words, predicate, subject, object_, blocked)
        if not aligned:
            aligned = self._implied(words, term, subject, object_, named | said)
        return AlignedRelation(subject, aligned, object_, term)

    def _spell(
        self, words: Sequence[str], predicate: Term, subject: Span, object_: Span, blocked: set[int]
    ) -> Predicate:
        return spell_predicate(words, predicate, subject, object_, blocked, self.verb_matches)

    def _implied(
        self, words: Sequence[str], term: str, subject: Span, object_: Span, taken: set[int]
    ) -> Predicate:
        """The word, if any, that most often stands where such a predicate is meant."""
        free = _candidates(words, subject, object_, taken)
        best = max(free, key=lambda i: self.associations.score(term, words[i]), default=None)
        if best is not None and self.associations.score(term, words[best]) > _ASSOCIATED:
            return ((best, term),)
        return ()

    def observe(self, words: Sequence[str], graph: SceneGraph) -> None:
        """Count which words stand beside predicates that no word spells."""
        where = {term: find_term(words, term, self.noun_matches) for term in graph.objects}
        named = {position for spans in where.values() for span in spans for position in span}
        self.associations.free.update(set(words) - SILENT)
        for subject, predicate, object_ in graph.relations:
            if not where[subject] or not where[object_]:
                continue
            s, o = where[subject][0], where[object_][0]
            if not self._spell(words, predicate, s, o, named):
                for i in _candidates(words, s, o, named):
                    self.associations.together[" ".join(predicate), words[i]] += 1


def _candidates(words: Sequence[str], subject: Span, object_: Span, taken: set[int]) -> list[int]:
    lo, hi = min(subject[0], object_[0]), max(subject[-1], object_[-1])
    inside = [i for i in range(lo, hi + 1) if i not in taken and words[i] not in SILENT]
    return inside or [
        i for i in range(hi + 1, len(words)) if i not in taken and words[i] not in SILENT
    ]


def _inside_longer(span: Span, term: Term, where: Mapping[Term, Iterable[Span]]) -> bool:
    """Whether this is only a part of a longer object's name (`tennis` in `tennis racket`)."""
    return any(
        set(span) < set(other)
        for name, spans in where.items()
        if len(name) > len(term)
        for other in spans
    )


def _distance(item: Span, attribute: Span) -> float:
    """Attributes stand before their object rather than after it."""
    gap = item[-1] - attribute[-1]
    return gap if gap > 0 else _AFTER - gap


def _cost(relation: AlignedRelation) -> float:
    s, o = relation.subject[-1], relation.object[-1]
    anchors = [p for p, _ in relation.predicate]
    cost = (
        abs(s - o) + (0.0 if anchors else _UNSPELLED) + sum(bool(t) for _, t in relation.predicate)
    )
    lo, hi = min(s, o), max(s, o)
    cost += sum(_BEYOND + max(lo - p, p - hi, 0) for p in anchors if not lo < p < hi)
    return cost + (_TURNED if s > o else 0.0)
