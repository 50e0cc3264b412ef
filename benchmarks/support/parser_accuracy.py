"""How right the facts of a parser are: by source, kind of fact and length of the caption."""

import argparse
import csv
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from evenpair.models.load_parser import load_parser
from evenpair.schemas.facts import Facts
from evenpair.training.graphs.scene_graphs import SceneGraph, Term, parse_facts
from evenpair.transforms.facts.parse_captions import parse_captions

READ = Path(__file__).parents[2] / "training" / "captions"
DATA = Path(__file__).parents[1] / "data"
DENIED = {
    "denied and quoted": DATA / "denied_and_quoted.tsv",
    "denied and quoted, held out": DATA / "denied_and_quoted_held_out.tsv",
}
LENGTHS = ((1, 7), (8, 11), (12, 17), (18, 25), (26, 40))
Sets = tuple[set[Any], set[Any], set[Any]]
Row = tuple[str, str, Sets]
"""Source, caption and facts."""


def accuracy(data: Path, options: argparse.Namespace) -> None:
    """The scorer's figures on captions whose facts are known and that no training has."""
    scorer = _module(options.scorer)
    nlp = load_parser(options.parser[0] if options.parser else None)
    tables = {"FACTUAL": data / "factual" / "dev.csv", "": READ / "dev.csv"}
    if options.alt_texts:
        tables[""] = options.alt_texts / "dev.csv"
    rows = [row for name, path in tables.items() for row in _read(path, name, scorer)]
    rows += _read(READ / "whole-60.csv", "whole", scorer)
    found = parse_captions(nlp, [caption for _, caption, _ in rows])
    judged = [(row, _sets(facts)) for row, facts in zip(rows, found, strict=True)]
    short = [(row, sets) for row, sets in judged if row[0] not in {"FACTUAL", "whole"}]
    for source in dict.fromkeys(row[0] for row in rows):
        _print(scorer, source, [(r, s) for r, s in judged if r[0] == source])
    _print(scorer, "all but FACTUAL, whole", short)
    for least, most in LENGTHS:
        chosen = [(r, s) for r, s in short if least <= len(r[1].split()) <= most]
        _print(scorer, f"{least} to {most} words", chosen)
    for name, path in DENIED.items():
        _print_exact(scorer, nlp, name, path)


def _print_exact(scorer: Any, nlp: Any, name: str, path: Path) -> None:
    """How many captions of a list have exactly the facts that stand behind them."""
    lines = path.read_text("utf-8").splitlines()
    graphs = [parse_facts(*line.split("\t")) for line in lines]
    read = parse_captions(nlp, [graph.caption for graph in graphs])
    pairs = [(_sets(facts), _graph_sets(graph)) for facts, graph in zip(read, graphs, strict=True)]
    exact = sum(scorer.normalise(a) == scorer.normalise(b) for a, b in pairs)
    print(f"{name}: {exact} of {len(pairs)} exact")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("scorer", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"no scorer in {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _read(path: Path, source: str, scorer: Any) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            gold = scorer.gold_facts(row["scene_graph"])
            yield source or row["source"], row["caption"], gold


def _sets(facts: Facts) -> Sets:
    pairs: Callable[[Any], set[Any]] = lambda own: {tuple(fact) for fact in own}  # noqa: E731
    return set(facts.objects), pairs(facts.attributes), pairs(facts.relations)


def _graph_sets(graph: SceneGraph) -> Sets:
    def join(words: Term) -> str:
        return " ".join(words).replace(" 's", "'s")

    return (
        {join(term) for term in graph.objects},
        {(join(item), join(term)) for item, term in graph.attributes},
        {(join(s), join(p), join(o)) for s, p, o in graph.relations},
    )


def _print(scorer: Any, name: str, judged: list[tuple[Row, Sets]]) -> None:
    if not judged:
        return
    result = scorer.score([(sets, row[2]) for row, sets in judged])
    kinds = ", ".join(
        f"{kind} {result[kind]['f1']}" for kind in ("objects", "attributes", "relations")
    )
    own = result["all"]
    print(
        f"{name} ({len(judged)}): F1 {own['f1']}, precision {own['p']}, recall {own['r']}; "
        f"{kinds}; exact {result['exact']}"
    )
