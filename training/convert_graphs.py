"""Gold scene graphs -> trees over the captions' own words, and the lexicon that reads them back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ..schemas.facts import Facts
from ..transforms.facts.canonical_terms import Lexicon
from ..transforms.facts.extract_facts import Role, extract_facts
from ..transforms.text.clean_caption import clean_caption
from .align_graph import SILENT, AlignedGraph, AlignedRelation, Aligner
from .graph_to_tree import Tree, TreeBuilder
from .learn_lexicon import learn_inflection, learn_wording
from .scene_graphs import SceneGraph

COMMON = 8
"""A label seen less often than this is not worth learning."""

Sentence = tuple[list[str], SceneGraph]

BREAK = "|"
"""Stands between two sentences of a caption while they are aligned; no word is this."""


class Conversion(NamedTuple):
    trees: list[Tree]
    graphs: list[SceneGraph]
    lexicon: Lexicon


def convert_graphs(graphs: Iterable[SceneGraph], least: int = COMMON) -> Conversion:
    """Align, learn the lexicon, align again, build trees with labels seen ``least`` times."""
    sentences = [
        (f" {BREAK} ".join(parts).split(), graph)
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
    whole = [(aligner.align(words, graph), graph) for words, graph in sentences]
    parts = [(part, graph) for own, graph in whole for part in split_sentences(own)]
    aligned = [part for part, _ in parts]
    labels = Counter(label for graph in aligned for label in TreeBuilder(graph).build().labels)
    common = {label for label, count in labels.items() if count >= least}
    trees = [TreeBuilder(_without_rare(graph, common)).build() for graph in aligned]
    lexicon = replace(lexicon, relating=_relating(trees))
    return Conversion(trees, [graph for _, graph in parts], lexicon)


def split_sentences(graph: AlignedGraph) -> Iterator[AlignedGraph]:
    """The part of a caption's graph that each of its sentences states, breaks left out.

    A relation between words of two sentences is in none of them.
    """
    breaks = [i for i, word in enumerate(graph.words) if word == BREAK]
    if not breaks:
        yield graph
        return
    for start, stop in pairwise([-1, *breaks, len(graph.words)]):
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


def _relating(trees: Iterable[Tree]) -> list[str]:
    """Words that are more than once part of a predicate, but not of one only by another's side."""
    counts: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for tree in trees:
        total.update(tree.words)
        for word, label in zip(tree.words, tree.labels, strict=True):
            counts[word] += label in {"rel", "rev", "pred", "also"}
    return sorted(w for w, n in counts.items() if n > 1 and n > 0.05 * total[w])


def decode_tree(tree: Tree, lexicon: Lexicon) -> Facts:
    """The facts that a tree holds, as the shipped parser's decoder reads them."""
    roles = [Role.of(label) for label in tree.labels]
    return extract_facts(tree.words, tree.heads, roles, lexicon).facts()


def _without_rare(graph: AlignedGraph, common: set[str]) -> AlignedGraph:
    terms = {label.partition("=")[2] for label in common}
    kept = []
    for relation in graph.relations:
        predicate = tuple((p, t if t in terms else "") for p, t in relation.predicate)
        if predicate or relation.term in terms:
            kept.append(relation._replace(predicate=predicate))
    return graph._replace(relations=tuple(kept))


def _learn_terms(lexicon: Lexicon, sentences: Sequence[Sentence]) -> Lexicon:
    """Add wordings that the gold graphs use for what captions say in other words."""
    aligner = Aligner(lexicon)
    objects, attributes, predicates = [], [], []
    renamed: dict[str, Counter[str]] = defaultdict(Counter)
    described: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for words, graph in sentences:
        aligned = aligner.align(words, graph)
        free, missing_objects, missing_attributes, missing_words = _unexplained(
            aligned, graph, lexicon
        )
        pairs = [f"{free[i]} {free[i + 1]}" for i in free if i + 1 in free]
        total.update({*words, *map(" ".join, pairwise(words))})
        objects.append(([*free.values(), *pairs], missing_objects))
        attributes.append((list(free.values()), missing_attributes))
        predicates.append((list(free.values()), missing_words))
        for span, term in aligned.objects.items():
            renamed[lexicon.object_term([words[i] for i in span])][lexicon.object_term(term)] += 1
        for _, span, name in aligned.attributes:
            described[" ".join(words[i] for i in span)][name] += 1
    return replace(
        lexicon,
        objects=_single(learn_wording(objects, total)) | _majority(renamed),
        attributes=learn_wording(attributes, total, share=0.25) | _majority(described),
        predicates=learn_wording(predicates, total, share=0.5),
    )


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
