"""Aligned scene graph -> the arcs that `transforms.facts.extract_facts` reads back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ...models.arc_network import Arc
from .align_graph import AlignedGraph, AlignedRelation
from .align_terms import Span


class Example(NamedTuple):
    """The words of a sentence and the arcs between them, sorted, one for a pair of words."""

    words: tuple[str, ...]
    arcs: tuple[Arc, ...]


def graph_to_arcs(graph: AlignedGraph) -> Example:
    """Draw the arcs; of two that join the same pair of words the first one drawn stays."""
    pairs: dict[tuple[int, int], str] = {}
    for head, word, label in _draw(graph):
        pairs.setdefault((head, word), label)
    arcs = (Arc(head, word, label) for (head, word), label in sorted(pairs.items()))
    return Example(graph.words, tuple(arcs))


def _draw(graph: AlignedGraph) -> Iterator[Arc]:
    for span in graph.objects:
        yield Arc(span[-1], span[-1], "object")
    for relation in graph.relations:
        yield from _draw_relation(relation, {span[-1] for span in graph.objects})
    for item, span, _ in graph.attributes:
        yield from _draw_attribute(graph.words, item[-1], span)
    for span in graph.objects:
        for part in span[:-1]:
            yield Arc(span[-1], part, "compound")


def _draw_relation(relation: AlignedRelation, heads: set[int]) -> Iterator[Arc]:
    subject, object_ = relation.subject[-1], relation.object[-1]
    if not relation.predicate:
        if subject != object_:
            yield Arc(subject, object_, f"to={relation.term}")
        return
    *parts, (anchor, term) = relation.predicate
    if anchor in {subject, object_}:
        return
    yield Arc(anchor, object_, _label("obj", term) if object_ in heads else "self")
    yield Arc(anchor, subject, "subj")
    for part, term in parts:
        yield Arc(anchor, part, _label("pred", term))


def _label(kind: str, term: str) -> str:
    return f"{kind}={term}" if term else kind


def _draw_attribute(words: tuple[str, ...], item: int, span: Span) -> Iterator[Arc]:
    if item in span:
        return
    leads = span[0] > item or words[span[-1]] == "of"
    head = span[0] if leads else span[-1]
    yield Arc(item, head, "attr")
    for part in span:
        if part != head:
            yield Arc(head, part, "part")


def named_objects(example: Example) -> list[int]:
    """The positions of the words that name an object, in order."""
    return [head for head, word, label in example.arcs if label == "object" and head == word]


def moved(arcs: Iterable[Arc], at: int, by: int) -> list[Arc]:
    """The arcs after ``by`` words more before position ``at``."""
    return [
        Arc(head + by * (head >= at), word + by * (word >= at), label) for head, word, label in arcs
    ]


def insert(example: Example, at: int, words: Sequence[str], arcs: Iterable[Arc] = ()) -> Example:
    """Put words in before position ``at``; ``arcs`` are new ones, between new positions."""
    return Example(
        (*example.words[:at], *words, *example.words[at:]),
        tuple(sorted([*moved(example.arcs, at, len(words)), *arcs])),
    )
