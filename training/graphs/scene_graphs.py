"""Reading captions with gold scene graphs, in the notation of FACTUAL."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Term = tuple[str, ...]
"""The words of an object's name, an attribute or a predicate."""

_OWNER = re.compile(r"(?<=\w)'s\b")
_AND = re.compile(r"\s*&\s*")
_FACT = re.compile(r"\(\s*(.*?)\s*\)(?=\s*,\s*\(|\s*$)")


class SceneGraph(NamedTuple):
    """A caption and what it says, as people wrote it down: distinct facts in their order."""

    caption: str
    objects: tuple[Term, ...]
    attributes: tuple[tuple[Term, Term], ...]
    relations: tuple[tuple[Term, Term, Term], ...]


def parse_scene_graph(caption: str, graph: str) -> SceneGraph:
    """`( girl , on , bed ) , ( girl , is , young )` -> its facts.

    `( o )` is an object, `( o , is , a )` an attribute, any other triple a relation.
    """
    facts = (fact.split(" , ") for fact in _FACT.findall(graph.lower()))
    return _collect(caption, facts)


def parse_facts(caption: str, line: str) -> SceneGraph:
    """`girl > on > bed; girl:young; lamp` -> its facts."""
    facts = []
    for fact in filter(None, map(str.strip, line.lower().split(";"))):
        item, colon, attribute = fact.partition(":")
        facts.append([item, "is", attribute] if colon and ">" not in item else fact.split(" > "))
    return _collect(caption, facts)


def _collect(caption: str, facts: Iterable[list[str]]) -> SceneGraph:
    objects: dict[Term, None] = {}
    attributes: dict[tuple[Term, Term], None] = {}
    relations: dict[tuple[Term, Term, Term], None] = {}
    for fact in facts:
        match [_term(term) for term in fact]:
            case [single]:
                objects[single] = None
            case [item, ("is",) | ("has_attribute",), attribute]:
                objects[item] = None
                attributes[item, attribute] = None
            case [subject, predicate, object_]:
                objects |= {subject: None, object_: None}
                relations[subject, predicate, object_] = None
    return SceneGraph(caption, tuple(objects), tuple(attributes), tuple(relations))


def _term(text: str) -> Term:
    """Its words as `clean_caption` has them."""
    return tuple(_AND.sub(" and ", _OWNER.sub(" 's", text)).split())


def read_scene_graphs(path: Path, source: str = "") -> Iterator[SceneGraph]:
    """The rows of a file with columns `caption` and `scene_graph`, or those of one `source`."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not source or row["source"] == source:
                yield parse_scene_graph(row["caption"], row["scene_graph"])
