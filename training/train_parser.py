"""Train the shipped caption parser: scene graphs -> arcs -> a spaCy pipeline and its lexicon.

    python -m evenpair.training.train_parser --data DATA --alt-texts DIR --out PIPELINE

DATA is a folder with `factual/train.csv`, DIR one with the alt-texts that `captions/README.md`
names. The seed is fixed. The word vectors are those of the pipeline that ships, or of
`--vectors FILE`.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

from ..models.arc_network import WordVectors
from ..models.arc_parser import ARCS, FACTORY, ArcParser
from ..models.load_parser import LEXICON, SHIPPED_PARSER
from ..scenes.describe import described_scenes
from ..transforms.facts.canonical_terms import Lexicon
from ..transforms.text.clean_caption import clean_caption
from .graphs.convert_graphs import convert_graphs, join_lexicons
from .graphs.scene_graphs import SceneGraph, read_scene_graphs
from .read_captions import read_captions
from .train_arcs import Log, Source, Training, train_arcs
from .word_stock import spelling_words, word_stock
from .word_vectors import load_vectors

SCENES = 3000
MEMBERS = 2
"""Networks, trained side by side on a core each."""
TIMES = {"coco": 2, "vlm": 2, "human": 3, "alt": 3}
"""How often an epoch has each kind of the captions that were read."""
ABOUT = {
    "name": "caption_parser",
    "version": "2.0.0",
    "description": "Facts of image captions, as arcs between their words",
    "license": "Apache-2.0",
}


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


def train_parser(
    factual: Sequence[SceneGraph],
    read: Mapping[str, Sequence[SceneGraph]],
    vectors: WordVectors,
    options: Training,
    log: Log,
    members: int = MEMBERS,
) -> Language:
    """The pipeline, trained on FACTUAL, on captions that were read, and on scenes of the demo."""
    scenes = list(scene_graphs(options.seed, SCENES))
    graphs = [graph for kind in TIMES for graph in read[kind]]
    plain, strict = convert_graphs(factual), convert_graphs(graphs)
    drawn = convert_graphs(scenes)
    sources = [
        Source(plain.of(factual), 1.3, varied=0.3),
        Source(drawn.of(scenes), 0.5),
        *(Source(strict.of(read[kind]), times, varied=0.1) for kind, times in TIMES.items()),
    ]
    network = train_arcs(sources, vectors, word_stock(), options, log, members)
    return assemble(ArcParser(ARCS, network), join_lexicons(strict.lexicon, plain.lexicon, graphs))


def assemble(parser: ArcParser, lexicon: Lexicon) -> Language:
    """A pipeline of this one component."""
    nlp = spacy.blank("en", config={"nlp": {"batch_size": 1024}})
    nlp.tokenizer = plain_tokenizer(nlp)
    nlp.add_pipe(FACTORY, ARCS).network = parser.network
    nlp.meta[LEXICON] = asdict(lexicon)
    nlp.meta |= ABOUT
    return nlp


def scene_graphs(seed: int, count: int) -> Iterator[SceneGraph]:
    """Captions of the demo's scenes with their facts."""
    for caption, facts in described_scenes(seed, count):
        yield SceneGraph(
            caption,
            tuple((name,) for name in facts.objects),
            tuple(((item,), (word,)) for item, word in facts.attributes),
            tuple(((s,), tuple(p.split()), (o,)) for s, p, o in facts.relations),
        )


def is_held_out(caption: str) -> bool:
    """Whether a caption is of the tenth that `--hold-out` keeps from training."""
    return hashlib.sha256(caption.encode()).digest()[0] < 26


def shipped_vectors() -> WordVectors:
    """The word vectors of the pipeline that ships."""
    network = ArcParser().from_disk(SHIPPED_PARSER / ARCS).network
    if network is None:
        raise ValueError(f"no arcs in {SHIPPED_PARSER}")
    return network.vectors


def print_message(message: str) -> None:
    print(message, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--alt-texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--set", nargs=2, action="append", default=[], metavar=("KEY", "JSON"))
    given = parser.parse_args()
    factual = list(read_scene_graphs(given.data / "factual" / "train.csv"))
    read = read_captions(given.alt_texts)
    if given.hold_out:
        read = {
            kind: [graph for graph in graphs if not is_held_out(graph.caption)]
            for kind, graphs in read.items()
        }
    nlp = train_parser(
        factual,
        read,
        load_vectors(given.vectors) if given.vectors else shipped_vectors(),
        replace(Training(), **{key: json.loads(value) for key, value in given.set}),
        print_message,
        given.members,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(given.out)
    write_words(factual, given.out.with_name("words.txt"))


def write_words(graphs: Sequence[SceneGraph], path: Path) -> None:
    """The words that are rightly spelt, with the counts of those common in captions."""
    counts = Counter(
        word
        for graph in graphs
        for sentence in clean_caption(graph.caption)
        for word in sentence.split(" ")
    )
    lines = (f"{word} {count or ''}".strip() for word, count in spelling_words(counts).items())
    path.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
