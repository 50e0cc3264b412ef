"""Gold scene graphs -> examples over the captions' own words, and the lexicon that reads them.

Two sources of graphs speak differently: in FACTUAL `guy` is a `person` and `beneath` is `under`;
captions read by the project's rules keep their words. Each source is aligned with terms learned
from itself; the lexicon that ships has those of both, but none that the rules contradict.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import NamedTuple

from ...schemas.facts import Facts
from ...transforms.facts.canonical_terms import Lexicon
from ...transforms.facts.extract_facts import extract_facts
from ...transforms.text.clean_caption import clean_caption
from .align_graph import AlignedGraph, AlignedRelation, Aligner
from .graph_to_arcs import Example, graph_to_arcs
from .learn_lexicon import is_verb_form, learn_inflection, learn_wording
from .scene_graphs import SceneGraph
from .spell_predicate import PREPOSITIONS, SILENT

Sentence = tuple[list[str], SceneGraph]

IN_USE = 4
"""A term that so many captions have is no slip of one reader."""

STOP = "."
"""Stands between two sentences of a caption while they are aligned; no word is this."""


class Conversion(NamedTuple):
    by_caption: dict[str, list[Example]]
    """The examples of each caption, one for a sentence."""
    lexicon: Lexicon

    def of(self, graphs: Iterable[SceneGraph]) -> list[Example]:
        """The examples of these graphs, in order."""
        return [example for graph in graphs for example in self.by_caption.get(graph.caption, ())]


def convert_graphs(graphs: Iterable[SceneGraph]) -> Conversion:
    """Learn the terms of a source, align its graphs with them, draw the arcs.

    A caption without words has no example, one of several sentences an example for each.
    """
    sentences = [
        (f" {STOP} ".join(parts).split(), graph)
        for graph in graphs
        if (parts := clean_caption(graph.caption))
    ]
    nouns, verbs = learn_inflection()
    lexicon = _learn_terms(Lexicon(nouns, verbs), sentences)
    again = _learn_terms(replace(lexicon, attributes={}, predicates={}), sentences)
    lexicon = replace(lexicon, attributes=again.attributes, predicates=again.predicates)
    aligner = Aligner(lexicon)
    for words, graph in sentences:
        aligner.observe(words, graph)
    by_caption = {
        graph.caption: list(map(graph_to_arcs, split_sentences(aligner.align(words, graph))))
        for words, graph in sentences
    }
    return Conversion(by_caption, replace(lexicon, relating=_relating(by_caption.values())))


def decode_example(example: Example, lexicon: Lexicon) -> Facts:
    """The facts that an example holds, as the shipped parser's decoder reads them."""
    return extract_facts(example.words, example.arcs, lexicon).facts()


def join_lexicons(strict: Lexicon, other: Lexicon, graphs: Iterable[SceneGraph]) -> Lexicon:
    """The terms of both, where ``graphs``, from which ``strict`` was learned, do not differ."""
    objects: Counter[str] = Counter()
    attributes: Counter[str] = Counter()
    predicates: Counter[str] = Counter()
    for graph in graphs:
        objects.update(strict.object_term(term) for term in graph.objects)
        attributes.update(strict.attribute_term(term) for _, term in graph.attributes)
        predicates.update(word for _, term, _ in graph.relations for word in term)
    plain = Lexicon(strict.nouns, strict.verbs)

    def own(name: str) -> str:
        return plain.object_term(name.split())

    return replace(
        strict,
        objects={**_without(other.objects, own, objects), **strict.objects},
        attributes={**_without(other.attributes, str, attributes), **strict.attributes},
        predicates={**_without(other.predicates, plain.verb, predicates), **strict.predicates},
        relating=sorted({*strict.relating, *other.relating}),
    )


def _without(
    table: Mapping[str, str], own: Callable[[str], str], used: Mapping[str, int]
) -> dict[str, str]:
    """The table without the words whose own term is in use."""
    return {word: term for word, term in table.items() if used.get(own(word), 0) < IN_USE}


def split_sentences(graph: AlignedGraph) -> Iterator[AlignedGraph]:
    """The part of a caption's graph that each of its sentences states.

    A relation between words of two sentences is in none of them.
    """
    stops = [i for i, word in enumerate(graph.words) if word == STOP]
    for start, stop in pairwise([-1, *stops, len(graph.words)]):
        yield _cut(graph, start + 1, stop)


def _cut(graph: AlignedGraph, start: int, stop: int) -> AlignedGraph:
    def inside(*spans: Iterable[int]) -> bool:
        return all(start <= position < stop for span in spans for position in span)

    def moved(span: Iterable[int]) -> tuple[int, ...]:
        return tuple(position - start for position in span)

    return AlignedGraph(
        graph.words[start:stop],
        {moved(span): term for span, term in graph.objects.items() if inside(span)},
        tuple((moved(i), moved(a), t) for i, a, t in graph.attributes if inside(i, a)),
        tuple(
            AlignedRelation(
                moved(r.subject),
                tuple((p - start, t) for p, t in r.predicate),
                moved(r.object),
                r.term,
            )
            for r in graph.relations
            if inside(r.subject, r.object, [p for p, _ in r.predicate])
        ),
    )


def _relating(examples: Iterable[Iterable[Example]]) -> list[str]:
    """Words that are more than once part of a predicate, and not by a rare accident."""
    counts: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for words, arcs in chain.from_iterable(examples):
        total.update(words)
        parts = {head for head, _, label in arcs if label == "subj"}
        parts |= {word for _, word, label in arcs if label.startswith("pred")}
        counts.update(words[part] for part in parts)
    return sorted(w for w, n in counts.items() if n > 1 and n > 0.05 * total[w])


def _learn_terms(lexicon: Lexicon, sentences: Sequence[Sentence]) -> Lexicon:
    """Add wordings that the gold graphs use for what captions say in other words."""
    aligner = Aligner(lexicon)
    objects, attributes, predicates = [], [], []
    renamed: dict[str, Counter[str]] = defaultdict(Counter)
    described: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    spelled: Counter[str] = Counter()
    for words, graph in sentences:
        aligned = aligner.align(words, graph)
        free, missing_objects, missing_attributes, missing_words = _unexplained(
            aligned, graph, lexicon
        )
        pairs = [f"{free[i]} {free[i + 1]}" for i in free if i + 1 in free]
        total.update({*words, *map(" ".join, pairwise(words))})
        objects.append(([*free.values(), *pairs], missing_objects))
        attributes.append((list(free.values()), missing_attributes))
        predicates.append(([word for word in free.values() if _can_relate(word)], missing_words))
        for span, term in aligned.objects.items():
            renamed[lexicon.object_term([words[i] for i in span])][lexicon.object_term(term)] += 1
        for _, span, name in aligned.attributes:
            described[lexicon.attribute_term([words[i] for i in span])][
                lexicon.attribute_term(name.split())
            ] += 1
        for relation in aligned.relations:
            spelled.update(words[i] for i, term in relation.predicate if not term)
    wordings = learn_wording(predicates, total, share=0.7)
    return replace(
        lexicon,
        objects=_single(learn_wording(objects, total)) | _majority(renamed),
        attributes=learn_wording(attributes, total, share=0.25) | _majority(described),
        predicates={w: term for w, term in wordings.items() if spelled[w] < 0.1 * total[w]},
    )


def _can_relate(word: str) -> bool:
    return word in PREPOSITIONS or is_verb_form(word)


def _single(table: Mapping[str, str]) -> dict[str, str]:
    """Drop pairs of words of which one alone explains the term (`guy sitting`: `person`)."""
    return {
        name: term
        for name, term in table.items()
        if " " not in name or not any(table.get(word) == term for word in name.split())
    }


def _majority(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    best = {name: terms.most_common(1)[0] for name, terms in counts.items()}
    return {name: term for name, (term, count) in best.items() if term != name and count > 1}


def _unexplained(
    aligned: AlignedGraph, graph: SceneGraph, lexicon: Lexicon
) -> tuple[dict[int, str], list[str], list[str], list[str]]:
    words = aligned.words
    used = {p for span in aligned.objects for p in span}
    used |= {p for _, span, _ in aligned.attributes for p in span}
    used |= {p for relation in aligned.relations for p, _ in relation.predicate}
    free = {i: w for i, w in enumerate(words) if i not in used and w not in SILENT}
    names = {lexicon.object_term([words[i] for i in span]) for span in aligned.objects}
    joined = {name.replace(" ", "") for name in names}
    objects = [
        name
        for term in graph.objects
        if (name := lexicon.object_term(term)).replace(" ", "").replace("-", "") not in joined
        and name not in names
    ]
    found = {name for _, _, name in aligned.attributes}
    attributes = [name for _, term in graph.attributes if (name := " ".join(term)) not in found]
    spelled = {relation.term: relation.predicate for relation in aligned.relations}
    predicates = [
        term[0] for _, term, _ in graph.relations if len(term) == 1 and not spelled.get(term[0])
    ]
    return free, objects, attributes, predicates
