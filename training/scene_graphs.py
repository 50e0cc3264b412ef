"""Reading captions with gold scene graphs, in the notation of FACTUAL."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Term = tuple[str, ...]
"""The words of an object's name, an attribute or a predicate."""

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
    objects: dict[Term, None] = {}
    attributes: dict[tuple[Term, Term], None] = {}
    relations: dict[tuple[Term, Term, Term], None] = {}
    for fact in _FACT.findall(graph.lower()):
        match [tuple(term.split()) for term in fact.split(" , ")]:
            case [single]:
                objects[single] = None
            case [item, ("is",) | ("has_attribute",), attribute]:
                objects[item] = None
                attributes[item, attribute] = None
            case [subject, predicate, object_]:
                objects |= {subject: None, object_: None}
                relations[subject, predicate, object_] = None
    return SceneGraph(caption, tuple(objects), tuple(attributes), tuple(relations))


def read_scene_graphs(path: Path) -> Iterator[SceneGraph]:
    """The rows of a FACTUAL file with columns `caption` and `scene_graph`."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield parse_scene_graph(row["caption"], row["scene_graph"])
