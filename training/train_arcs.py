"""Examples -> the trained network of the caption parser."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import NamedTuple

import torch
from torch import Tensor

from ..models.arc_layers import Rows, Weights, word_rows
from ..models.arc_network import ArcNetwork, WordVectors
from .arc_model import ArcModel, Batch, Shape, export_weights, pad_batch
from .augment_examples import WordStock, augment_examples
from .graphs.graph_to_arcs import Example
from .word_vectors import vectors_of_first


@dataclass(frozen=True)
class Training:
    epochs: int = 14
    words: int = 1500
    """How many words a step sees at most, padding included."""
    rate: float = 0.002
    warmup: int = 200
    decay: float = 0.01
    average: float = 0.998
    """How much of the averaged weights each step keeps."""
    often: int = 2
    """Words seen this many times have a learned vector of their own."""
    least: int = 30
    """Labels drawn less often are not learned."""
    hide: float = 0.25
    """What is learned of a word seen n times is hidden with probability hide / (hide + n)."""
    hide_all: float = 0.05
    """The same for its vector too."""
    seed: int = 0
    shape: Shape = field(default_factory=Shape)


class Source(NamedTuple):
    """Examples of one kind: the mean number of times an epoch has each, and how much it counts."""

    examples: Sequence[Example]
    times: float
    weight: float = 1.0
    varied: float = 0.0
    """The share of the examples that an epoch has a variant of too."""


Log = Callable[[str], None]


def train_arcs(
    sources: Sequence[Source],
    vectors: WordVectors,
    stock: WordStock,
    options: Training,
    log: Log,
    members: int = 1,
) -> ArcNetwork:
    """Train networks on all sources, each with a seed of its own, side by side."""
    every = [example for source in sources for example in source.examples]
    counts = Counter(word for example in every for word in example.words)
    often = [word for word, count in counts.most_common() if count >= options.often]
    vectors = vectors_of_first(vectors, often)
    labels = _labels(every, options.least)
    task = _Task(
        [
            source._replace(examples=[_known(example, labels) for example in source.examples])
            for source in sources
        ],
        vectors,
        len(set(often).intersection(vectors.words)),
        counts,
        labels,
        stock,
    )
    seeds = [replace(options, seed=options.seed + number) for number in range(members)]
    if members == 1:
        weights = [_train_member(task, seeds[0], log)]
    else:
        with ProcessPoolExecutor(members, get_context("spawn")) as pool:
            weights = list(pool.map(_train_member, [task] * members, seeds, [log] * members))
    return ArcNetwork(weights, vectors, list(labels))


class _Task(NamedTuple):
    """What all members of a network share."""

    sources: Sequence[Source]
    vectors: WordVectors
    learned: int
    counts: Counter[str]
    labels: dict[str, int]
    stock: WordStock


def _train_member(task: _Task, options: Training, log: Log) -> Weights:
    """The average of the weights after each step."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    model = ArcModel(task.vectors, task.learned, len(task.labels), options.shape)
    return export_weights(_optimise(model, _Feed(task, options), options, log))


def _labels(examples: Sequence[Example], least: int) -> dict[str, int]:
    counts = Counter(arc.label for example in examples for arc in example.arcs)
    kept = [label for label, count in counts.most_common() if count >= least or label == "self"]
    return {label: number for number, label in enumerate(kept)}


def _known(example: Example, labels: dict[str, int]) -> Example:
    """The example with rare terms left to the words themselves, or without their arc."""
    arcs = (
        arc if arc.label in labels else arc._replace(label=arc.label.partition("=")[0])
        for arc in example.arcs
    )
    return example._replace(arcs=tuple(arc for arc in arcs if arc.label in labels))


class _Hider:
    """The rows of words, some of them hidden so that unknown words are met in training too."""

    def __init__(self, task: _Task, options: Training) -> None:
        self._known = {word: row for row, word in enumerate(task.vectors.words, start=1)}
        self._learned, self._counts, self._options = task.learned, task.counts, options
        self._found: dict[str, Rows] = {}

    def rows(self, word: str, rng: random.Random) -> Rows:
        rows = self._found.get(word)
        if rows is None:
            row = self._known.get(word, 0)
            rows = self._found[word] = word_rows(word, row, row if row <= self._learned else 0)
        chance, count = rng.random(), self._counts[word]
        if chance < 0.002 + self._options.hide_all / (self._options.hide_all + count):
            return rows._replace(learned=0, vector=0)
        if chance < 0.01 + self._options.hide / (self._options.hide + count):
            return rows._replace(learned=0)
        return rows


class _Feed:
    """The batches of one epoch after the other."""

    def __init__(self, task: _Task, options: Training) -> None:
        self._task, self._hider, self._words = task, _Hider(task, options), options.words
        self._rng = random.Random(options.seed)

    def epoch(self) -> list[Batch]:
        drawn = list(self._draw())
        drawn.sort(key=lambda pair: len(pair[0].words) + 3 * self._rng.random())
        batches: list[list[tuple[Example, float]]] = [[]]
        for example, weight in drawn:
            if batches[-1] and (len(batches[-1]) + 1) * len(example.words) > self._words:
                batches.append([])
            batches[-1].append((example, weight))
        self._rng.shuffle(batches)
        return [self._pad(batch) for batch in batches]

    def _draw(self) -> Iterator[tuple[Example, float]]:
        for examples, times, weight, varied in self._task.sources:
            for example in examples:
                for _ in range(int(times) + (self._rng.random() < times % 1)):
                    yield example, weight
            chosen = [example for example in examples if self._rng.random() < varied]
            for example in augment_examples(chosen, self._task.stock, self._rng):
                yield example, weight

    def _pad(self, batch: list[tuple[Example, float]]) -> Batch:
        examples, weights = zip(*batch, strict=True)
        rows = [[self._hider.rows(w, self._rng) for w in example.words] for example in examples]
        return pad_batch(rows, examples, self._task.labels, weights)


def _optimise(model: ArcModel, feed: _Feed, options: Training, log: Log) -> dict[str, Tensor]:
    """Train in place; return the averaged state."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=options.rate, betas=(0.9, 0.95), weight_decay=options.decay
    )
    average = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    step = total = 0
    for epoch in range(options.epochs):
        batches = feed.epoch()
        total = total or len(batches) * options.epochs
        losses = 0.0
        for batch in batches:
            pace = min(1.0, (step + 1) / options.warmup) * max(0.02, 1 - step / total)
            for group in optimizer.param_groups:
                group["lr"] = options.rate * pace
            optimizer.zero_grad()
            error = model.loss(batch)
            torch.autograd.backward(error)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            _follow(average, model, min(options.average, step / (step + 9)))
            losses += error.item()
        mean = losses / len(batches)
        log(f"seed {options.seed}, epoch {epoch + 1} of {options.epochs}: loss {mean:.4f}")
    return average


@torch.no_grad()
def _follow(average: dict[str, Tensor], model: ArcModel, kept: float) -> None:
    for name, tensor in model.state_dict().items():
        average[name].mul_(kept).add_(tensor, alpha=1 - kept)
