"""Train the shipped caption parser: scene graphs -> trees -> a spaCy pipeline and its lexicon.

    python -m evenpair.models.training.train_parser --data DATA --out models/caption_parser/pipeline

DATA is a folder with `factual/train.csv` and `factual/dev.csv`. The seed is fixed.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, load_config

from .convert_graphs import Conversion, convert_graphs
from .graph_to_tree import Tree
from .scene_graphs import SceneGraph, read_scene_graphs

CONFIG = Path(__file__).with_name("parser.cfg")
LONG = 12
"""Words from which a caption counts as long; every third such one is held out."""


def plain_tokenizer(nlp: Language) -> Tokenizer:
    """Splits at spaces, and off each word its outer punctuation and `'s`; no exceptions."""
    punctuation = [r"[\"'“”‘’(\[{<,;:!?]"]
    return Tokenizer(
        nlp.vocab,
        rules={},
        prefix_search=compile_prefix_regex(punctuation).search,
        suffix_search=compile_suffix_regex([r"'s", r"[\"“”‘’)\]}>,;:!?.]"]).search,
        infix_finditer=compile_infix_regex([r"/"]).finditer,
    )


def split_held_out(graphs: Sequence[SceneGraph]) -> tuple[list[SceneGraph], list[SceneGraph]]:
    """Training graphs, and long ones that are kept out of training."""
    long = [g for g in graphs if len(g.caption.split()) >= LONG][::3]
    held = set(map(id, long))
    return [g for g in graphs if id(g) not in held], long


def write_trees(nlp: Language, trees: Sequence[Tree], path: Path) -> None:
    docs = DocBin()
    for tree in trees:
        docs.add(Doc(nlp.vocab, words=list(tree.words), heads=tree.heads, deps=tree.labels))
    docs.to_disk(path)


def train_parser(conversion: Conversion, dev: Conversion, overrides: dict[str, object]) -> Language:
    with TemporaryDirectory() as folder:
        blank = spacy.blank("en")
        paths = {"paths.train": f"{folder}/train.spacy", "paths.dev": f"{folder}/dev.spacy"}
        write_trees(blank, conversion.trees, Path(paths["paths.train"]))
        write_trees(blank, dev.trees, Path(paths["paths.dev"]))
        config = load_config(CONFIG, overrides=paths | overrides, interpolate=True)
        nlp = init_nlp(config)
        nlp.tokenizer = plain_tokenizer(nlp)
        train(nlp, Path(folder))
        best = spacy.load(f"{folder}/model-best")
    best.meta["lexicon"] = asdict(conversion.lexicon)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", nargs=2, action="append", default=[], metavar=("KEY", "VALUE"))
    options = parser.parse_args()
    graphs = list(read_scene_graphs(options.data / "factual" / "train.csv"))
    training, _ = split_held_out(graphs)
    conversion = convert_graphs(training)
    dev = convert_graphs(read_scene_graphs(options.data / "factual" / "dev.csv"))
    nlp = train_parser(conversion, dev, {key: _value(value) for key, value in options.set})
    nlp.to_disk(options.out)


def _value(text: str) -> object:
    import json

    return json.loads(text)


if __name__ == "__main__":
    main()
