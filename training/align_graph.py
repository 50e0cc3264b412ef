"""Caption and gold scene graph -> the facts as positions of words.

An aligned predicate is a tuple of (position, term) pairs, the term empty where the word's own
lemma says it; no pair at all where no word expresses it (`bus windshield`: `bus have windshield`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import product
from typing import NamedTuple

from ..transforms.facts.canonical_terms import Lexicon
from .align_terms import Span, find_term
from .scene_graphs import SceneGraph, Term

Predicate = tuple[tuple[int, str], ...]

SILENT = frozenset(
    'a an the is are was were be been being , | . " there this that these those it its some'.split()
)

PREPOSITIONS = frozenset(
    "in on at of to with by from over under off up out into onto upon for near through down "
    "around across along against behind above below between beside inside along toward towards "
    "about after before next atop within among amid beneath underneath outside past via".split()
)


RECIPROCAL = frozenset("other another themselves himself herself itself".split())


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
        return self.together[predicate, word] / (20 + self.free[word])


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
        left = {i: word for i, word in enumerate(words) if i not in named and len(word) > 3}
        for term in (t for t, spans in where.items() if not spans and len(t) == 1):
            close = get_close_matches(term[0], left.values(), n=1, cutoff=0.72)
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
        """The predicate's words in their order; those not found become part of a neighbour."""
        best: tuple[float, list[int | None]] | None = None
        lo, hi = min(subject[-1], object_[-1]), max(subject[-1], object_[-1])
        for path in self._paths(words, predicate, blocked, 0):
            hits = [p for p in path if p is not None]
            if not hits:
                continue
            outside = sum(1 for p in hits if not lo < p < hi)
            far = sum(max(0, lo - p, p - hi) for p in hits)
            spread = hits[-1] - hits[0]
            split = 11 * outside if lo < hits[0] < hi else 2 * outside
            cost = 10 * (len(path) - len(hits)) + split + far + spread + (hi - hits[-1]) * 0.1
            weight = sum(words[p] not in SILENT for p in hits)
            if weight and (best is None or cost < best[0]):
                best = cost, path
        return self._complete(words, predicate, best[1], blocked) if best else ()

    def _paths(
        self, words: Sequence[str], predicate: Term, blocked: set[int], start: int
    ) -> list[list[int | None]]:
        if not predicate:
            return [[]]
        paths: list[list[int | None]] = []
        for i in range(start, len(words)):
            stray = words[i] in {"the", "a"} and (start == 0 or i != start)
            if i not in blocked and not stray and self.verb_matches(words[i], predicate[0]):
                paths += [[i, *rest] for rest in self._paths(words, predicate[1:], blocked, i + 1)]
        paths += [[None, *rest] for rest in self._paths(words, predicate[1:], blocked, start)]
        return paths

    def _complete(
        self, words: Sequence[str], predicate: Term, path: list[int | None], blocked: set[int]
    ) -> Predicate:
        """Give each word that was not found to a free word at its place, or to a neighbour."""
        terms: dict[int, list[str]] = {p: [] for p in path if p is not None}
        changed: set[int] = set()
        pending: list[str] = []
        last: int | None = None
        for word, position in zip(predicate, path, strict=True):
            if position is None:
                pending.append(word)
                continue
            if pending:
                free = self._free(
                    words,
                    (last if last is not None else position - 3) + 1,
                    position,
                    blocked,
                    set(terms),
                )
                if free is not None:
                    terms[free] = pending
                    changed.add(free)
                else:
                    terms[position] += pending
                    changed.add(position)
                pending = []
            terms[position].append(word)
            last = position
        if pending and last is not None:
            free = self._free(words, last + 1, min(len(words), last + 3), blocked, set(terms))
            if free is None:
                terms[last] += pending
                changed.add(last)
            else:
                terms[free] = pending
                changed.add(free)
        return tuple((p, " ".join(terms[p]) if p in changed else "") for p in sorted(terms))

    def _free(
        self, words: Sequence[str], start: int, stop: int, blocked: set[int], used: set[int]
    ) -> int | None:
        for i in range(max(0, start), stop):
            if i not in blocked and i not in used and words[i] in PREPOSITIONS:
                return i
        return None

    def _implied(
        self, words: Sequence[str], term: str, subject: Span, object_: Span, taken: set[int]
    ) -> Predicate:
        """The word, if any, that most often stands where such a predicate is meant."""
        free = _candidates(words, subject, object_, taken)
        best = max(free, key=lambda i: self.associations.score(term, words[i]), default=None)
        if best is not None and self.associations.score(term, words[best]) > 0.02:
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
    return gap if gap > 0 else 0.5 - gap


def _cost(relation: AlignedRelation) -> float:
    s, o = relation.subject[-1], relation.object[-1]
    anchors = [p for p, _ in relation.predicate]
    cost = abs(s - o) + (5.0 if not anchors else 0.0) + sum(bool(t) for _, t in relation.predicate)
    lo, hi = min(s, o), max(s, o)
    cost += sum(2 + max(lo - p, p - hi, 0) for p in anchors if not lo < p < hi)
    return cost + (0.5 if s > o else 0.0)
