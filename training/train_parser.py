"""Train the shipped caption parser: scene graphs -> trees -> a spaCy pipeline and its lexicon.

    python -m evenpair.training.train_parser --data DATA --out models/caption_parser/pipeline

DATA is a folder with `factual/train.csv` and `factual/dev.csv`. The seed is fixed.
`--resume PIPELINE` takes the first part of the training as done; `--hold-out` keeps every third
long caption out, to judge by.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from thinc.api import NumpyOps, set_current_ops
from threadpoolctl import threadpool_limits

from ..models.load_parser import LEXICON
from ..scenes.describe import described_scenes
from ..transforms.text.clean_caption import clean_caption
from .augment_trees import augment_trees
from .convert_graphs import convert_graphs
from .drop_rare_moves import drop_rare_moves
from .graph_to_tree import Tree
from .refine_parser import refine_parser
from .scene_graphs import SceneGraph, read_scene_graphs
from .word_stock import spelling_words, word_stock

CONFIG = Path(__file__).with_name("parser.cfg")
SEED = 0
SCENES = 3000
COPIES = 3
ABOUT = {
    "name": "caption_parser",
    "version": "1.0.0",
    "description": "Scene graphs of image captions, as arcs",
    "license": "Apache-2.0",
}
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


def train_parser(
    data: Path,
    overrides: Mapping[str, object] | None = None,
    *,
    annotation: Path | None = None,
    resume: Path | None = None,
    hold_out: bool = False,
    seed: int = SEED,
    share: float = 1.0,
) -> Language:
    """The pipeline, trained on FACTUAL's captions, variants of them, and scenes of the demo."""
    graphs = list(read_scene_graphs(data / "factual" / "train.csv"))
    graphs = split_held_out(graphs)[0] if hold_out else graphs
    read = list(read_scene_graphs(annotation)) if annotation else []
    rng = random.Random(seed)
    read = [graph for graph in read if rng.random() < share]
    conversion = convert_graphs([*graphs, *read * COPIES, *scene_graphs(SCENES)])
    stock = word_stock()
    if resume:
        nlp = spacy.load(resume)
    else:
        dev = convert_graphs(read_scene_graphs(data / "factual" / "dev.csv"), least=1)
        trees = list(augment_trees(conversion.trees, stock, random.Random(seed)))
        nlp = _train(trees, dev.trees, dict(overrides or {}))
    nlp = drop_rare_moves(refine_parser(nlp, conversion.trees, stock, seed))
    nlp.meta[LEXICON] = asdict(conversion.lexicon)
    nlp.meta |= ABOUT
    return nlp


def _train(trees: Sequence[Tree], dev: Sequence[Tree], overrides: dict[str, object]) -> Language:
    with TemporaryDirectory() as folder:
        blank = spacy.blank("en")
        paths = {"paths.train": f"{folder}/train.spacy", "paths.dev": f"{folder}/dev.spacy"}
        write_trees(blank, trees, Path(paths["paths.train"]))
        write_trees(blank, dev, Path(paths["paths.dev"]))
        nlp = init_nlp(load_config(CONFIG, overrides=paths | overrides, interpolate=True))
        nlp.tokenizer = plain_tokenizer(nlp)
        train(nlp, Path(folder))
        return spacy.load(f"{folder}/model-best")


def scene_graphs(count: int) -> Iterator[SceneGraph]:
    """Captions of the demo's scenes that are one sentence, with their facts."""
    for caption, facts in described_scenes(SEED, count):
        if len(clean_caption(caption)) == 1:
            yield SceneGraph(
                caption,
                tuple((name,) for name in facts.objects),
                tuple(((item,), (word,)) for item, word in facts.attributes),
                tuple(((s,), tuple(p.split()), (o,)) for s, p, o in facts.relations),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--annotation", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--resume", type=Path, metavar="PIPELINE")
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--set", nargs=2, action="append", default=[], metavar=("KEY", "JSON"))
    options = parser.parse_args()
    set_current_ops(NumpyOps(use_blis=False))
    with threadpool_limits(limits=1):
        nlp = train_parser(
            options.data,
            {key: json.loads(value) for key, value in options.set},
            annotation=options.annotation,
            seed=options.seed,
            share=options.share,
            resume=options.resume,
            hold_out=options.hold_out,
        )
    nlp.to_disk(options.out)
    counts = Counter(
        word
        for graph in read_scene_graphs(options.data / "factual" / "train.csv")
        for sentence in clean_caption(graph.caption)
        for word in sentence.split(" ")
    )
    lines = (f"{word} {count or ''}".strip() for word, count in spelling_words(counts).items())
    options.out.with_name("words.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
