"""What the README and the parser's card claim of the caption parser, measured.

    python benchmarks/parser.py DATA accuracy --scorer facts_f1.py [--alt-texts DIR]
    python benchmarks/parser.py DATA speed [--parser PIPELINE ...]
    python benchmarks/parser.py DATA properties [--parser PIPELINE]
    python benchmarks/parser.py DATA unseen [--parser PIPELINE]
    python benchmarks/parser.py DATA memory [--captions 1000000]

DATA holds `factual`, `alt-text` and `ud-ewt`, DIR a `dev.csv` with facts of alt-texts too. Speed
is of one core, in one run for all that is compared: the shipped parser from raw captions to facts,
alone and in `evenpair facts --jsonl`; the standard small spaCy shape as bare `nlp.pipe`. `unseen`
needs spacy-lookups-data, as training does.
"""

import argparse
import csv
import gzip
import os
import random
import resource
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

import pyarrow.parquet as pq
from support.parser_accuracy import accuracy

from evenpair.models.load_parser import load_parser
from evenpair.schemas.facts import Facts
from evenpair.transforms.facts.parse_captions import parse_captions

ROUNDS = 3


def alt_texts(data: Path) -> list[str]:
    table = pq.read_table(data / "alt-text" / "alt_text_5k.parquet", columns=["TEXT"])
    return [text or "" for text in table["TEXT"].to_pylist()]


def factual(data: Path) -> list[str]:
    with (data / "factual" / "dev.csv").open(newline="", encoding="utf-8") as file:
        return [row["caption"] for row in csv.DictReader(file)]


def speed(data: Path, options: argparse.Namespace) -> None:
    """Captions a second of processor time, the best of three rounds."""
    texts = {"FACTUAL dev": factual(data) * 5, "alt-text": alt_texts(data)}
    standard = standard_pipeline(data)
    ways: dict[str, Callable[[list[str]], Iterable[object]]] = {
        "standard small, nlp.pipe": standard.pipe
    }
    for name in options.parser or [None]:
        nlp = load_parser(name)
        ways[f"{name or 'shipped'}, to facts"] = lambda own, nlp=nlp: parse_captions(nlp, own)
    for source, captions in texts.items():
        rates = {}
        for name, parse in ways.items():
            rates[name] = max(_rate(parse, captions) for _ in range(ROUNDS))
        if not options.parser:
            rates["evenpair facts --jsonl"] = max(_command_rate(captions) for _ in range(ROUNDS))
        base = rates["standard small, nlp.pipe"]
        for name, rate in rates.items():
            print(f"{source}: {name}: {rate:.0f} captions/s, {rate / base:.2f} x standard")


def _rate(parse: Callable[[list[str]], Iterable[object]], captions: list[str]) -> float:
    started = time.process_time()
    for _ in parse(captions):
        pass
    return len(captions) / (time.process_time() - started)


def _command_rate(captions: list[str]) -> float:
    """Of the command, what it takes to start (it does so once for any number) not counted."""
    lines = "".join(f"{' '.join(caption.split())}\n" for caption in captions)
    return 4 * len(captions) / (_command_time(lines * 4) - _command_time(""))


def _command_time(lines: str) -> float:
    """Seconds of processor time that `evenpair facts --jsonl` takes for these captions."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        ["evenpair", "facts", "--jsonl"],
        input=lines.encode(),
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def standard_pipeline(data: Path, steps: int = 150):
    """`spacy init config --pipeline tagger,parser --optimize efficiency`, trained for a while."""
    from spacy.cli.init_config import init_config
    from spacy.training import Example
    from spacy.util import load_model_from_config

    config = init_config(lang="en", pipeline=["tagger", "parser"], optimize="efficiency")
    nlp = load_model_from_config(config, auto_fill=True)
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in treebank(nlp, data, 4000)]
    optimizer = nlp.initialize(lambda: examples)
    rng = random.Random(0)
    for _ in range(steps):
        nlp.update(rng.sample(examples, 48), sgd=optimizer, drop=0.1)
    return nlp


def treebank(nlp, data: Path, count: int) -> Iterator:
    from spacy.training.converters import conllu_to_docs

    with gzip.open(data / "ud-ewt" / "train.conllu.gz", "rt", encoding="utf-8") as file:
        yield from islice(conllu_to_docs(file.read(), n_sents=1, no_print=True), count)


def properties(data: Path, options: argparse.Namespace) -> None:
    """Shares of captions for which re-casing, repeating or cutting behaves."""
    nlp = load_parser(options.parser[0] if options.parser else None)
    for source, captions in (("FACTUAL dev", factual(data)), ("alt-text", alt_texts(data))):
        plain = list(parse_captions(nlp, captions))
        for name, change in {
            "upper case": str.upper,
            "title case": str.title,
            "repeated": lambda text: f"{text} {text}",
            "repeated with stops": lambda text: f"{text}. {text}.",
        }.items():
            changed = parse_captions(nlp, map(change, captions))
            same = sum(a == b for a, b in zip(plain, changed, strict=True))
            print(f"{source}: {name}: same facts {same / len(plain):.1%}")
        cut = list(parse_captions(nlp, map(_cut, captions)))
        fewer = sum(_within(a, b) for a, b in zip(cut, plain, strict=True))
        no_more = sum(len(a) <= len(b) for a, b in zip(cut, plain, strict=True))
        print(
            f"{source}: cut: facts a subset {fewer / len(plain):.1%}, "
            f"no more of them {no_more / len(plain):.1%}"
        )


def unseen(data: Path, options: argparse.Namespace) -> None:
    """How many modifiers that training never put in are found, and how many scenes read exactly."""
    from evenpair.scenes.describe import described_scenes
    from evenpair.training.augment_examples import insert_modifier
    from evenpair.training.graphs.convert_graphs import convert_graphs
    from evenpair.training.graphs.scene_graphs import read_scene_graphs
    from evenpair.training.word_stock import word_stock

    nlp = load_parser(options.parser[0] if options.parser else None)
    stock, rng = word_stock(held_out=True), random.Random(7)
    graphs = list(read_scene_graphs(data / "factual" / "dev.csv"))
    examples = convert_graphs(graphs).of(graphs)
    pairs = [(example.words, insert_modifier(example, stock, rng).words) for example in examples]
    pairs = [(words, more) for words, more in pairs if len(more) == len(words) + 1]
    plain = parse_captions(nlp, [" ".join(words) for words, _ in pairs])
    varied = parse_captions(nlp, [" ".join(more) for _, more in pairs])
    found = one_more = 0
    for (words, more), before, after in zip(pairs, plain, varied, strict=True):
        said = {word for attribute in after.attributes for word in attribute.attribute.split()}
        found += not said.isdisjoint(set(more) - set(words))
        one_more += len(after.attributes) == len(before.attributes) + 1
    print(f"{len(pairs)} modifiers: found {found / len(pairs):.1%}, ", end="")
    print(f"one attribute more {one_more / len(pairs):.1%}")
    scenes = list(described_scenes(12345, 1000))
    read = parse_captions(nlp, [caption for caption, _ in scenes])
    exact = sum(_within(a, b) and _within(b, a) for a, (_, b) in zip(read, scenes, strict=True))
    print(f"scenes of the demo read exactly: {exact} of {len(scenes)}")


def _cut(caption: str) -> str:
    words = caption.split(" ")
    return " ".join(words[: random.Random(caption).randint(1, len(words))])


def _within(part: Facts, whole: Facts) -> bool:
    return (
        set(part.objects) <= set(whole.objects)
        and set(part.attributes) <= set(whole.attributes)
        and set(part.relations) <= set(whole.relations)
    )


def memory(data: Path, options: argparse.Namespace) -> None:
    """Peak memory after a tenth, a quarter and a half of the captions, and at their end."""
    nlp = load_parser(options.parser[0] if options.parser else None)
    base = alt_texts(data)
    points = {options.captions // part for part in (10, 4, 2, 1)}
    varied = (f"{text} {number:x}q" for number, text in zip(range(options.captions), cycle(base)))
    for number, _ in enumerate(parse_captions(nlp, varied), start=1):
        if number in points:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{number} captions: peak {peak:.0f} MiB", flush=True)


MEASURES = (accuracy, speed, properties, unseen, memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("what", choices=[measure.__name__ for measure in MEASURES])
    parser.add_argument("--parser", action="append")
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--alt-texts", type=Path, help="a folder with dev.csv, alt-texts included")
    parser.add_argument("--captions", type=int, default=1_000_000)
    options = parser.parse_args()
    run = {measure.__name__: measure for measure in MEASURES}
    run[options.what](options.data, options)


if __name__ == "__main__":
    main()
