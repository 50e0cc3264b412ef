"""Sentences of words -> arcs between their words: the network of the caption parser.

Word vectors and learned features of each word go through two bidirectional LSTM layers; then a
biaffine form scores every ordered pair of words, and each pair that scores high enough is an arc
with the label of a second biaffine form (Dozat and Manning, "Simpler but More Accurate Semantic
Dependency Parsing", ACL 2018). A word can be at the end of any number of arcs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import chain, islice
from operator import add
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arc_layers import Array, Ends, Member, Rows, Weights, word_rows

T = TypeVar("T")

SENTENCES = 256
"""How many sentences go through the network at once."""
GROUPS = 4
"""How many of such groups share what the first layer makes of each word."""
REMEMBERED = 20_000
"""Words whose rows in the tables are remembered."""
LEAST = {"attr": 1.0, "part": 0.5, "object": 0.5}
"""Log odds that an arc of these kinds must exceed to be drawn, those of others 0. Chosen on the
development captions, which the card of the parser names; it says what they gain."""


class Arc(NamedTuple):
    """From the word at position ``head`` to the word at ``word``, which may be the same."""

    head: int
    word: int
    label: str


class WordVectors(NamedTuple):
    words: list[str]
    table: NDArray[np.int8]
    """(words, dimensions)"""
    scale: Array
    """(dimensions): the table times this are the vectors."""

    def rows(self) -> Array:
        """The vectors, after a row of zeros for any other word."""
        return np.concatenate((np.zeros_like(self.table[:1]), self.table)) * self.scale


class ArcNetwork:
    """``members`` are the weights of one or more networks as `training.arc_model` exports them.

    The first words of the vectors have a learned vector too.
    """

    def __init__(
        self, members: Sequence[Weights], vectors: WordVectors, labels: Sequence[str]
    ) -> None:
        self.weights, self.vectors, self.labels = list(members), vectors, list(labels)
        table = vectors.rows()
        self._members = [Member(weights, table) for weights in members]
        self._known = {word: row for row, word in enumerate(vectors.words, start=1)}
        self._learned = len(members[0]["learned"])
        self._least = np.array([LEAST.get(label.partition("=")[0], 0.0) for label in labels])
        self._rows = lru_cache(REMEMBERED)(self._find_rows)

    def _find_rows(self, word: str) -> Rows:
        row = self._known.get(word, 0)
        return word_rows(word, row, row if row < self._learned else 0)

    def arcs(self, sentences: Sequence[Sequence[str]]) -> list[list[Arc]]:
        """The arcs of each sentence, in the order of their heads, then of their words."""
        found: list[list[Arc]] = [[] for _ in sentences]
        order = sorted(range(len(sentences)), key=lambda number: -len(sentences[number]))
        groups = _batched((number for number in order if sentences[number]), SENTENCES)
        for several in _batched(groups, GROUPS):
            words = chain.from_iterable(sentences[number] for own in several for number in own)
            numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
            rows = [self._rows(word) for word in numbers]
            gates = [member.word_gates(rows) for member in self._members]
            for chosen in several:
                group = self._group([sentences[number] for number in chosen], numbers, gates)
                for number, arcs in zip(chosen, group, strict=True):
                    found[number] = arcs
        return found

    def _group(
        self, sentences: Sequence[Sequence[str]], numbers: Mapping[str, int], gates: list[Array]
    ) -> Iterator[list[Arc]]:
        """The same for a few sentences, the longest first, whose words have these ``gates``."""
        lengths = np.array([len(words) for words in sentences])
        sizes = [int((lengths > step).sum()) for step in range(lengths[0])]
        starts = np.concatenate(([0], np.cumsum(sizes)))
        where = [starts[: len(words)] + number for number, words in enumerate(sentences)]
        token = np.empty(sum(sizes), np.intp)
        for positions, words in zip(where, sentences, strict=True):
            token[positions] = [numbers[word] for word in words]
        ends = [
            member.ends(own[token], sizes) for member, own in zip(self._members, gates, strict=True)
        ]
        return self._draw(ends, where)

    def _draw(self, ends: list[Ends], where: list[NDArray[np.intp]]) -> Iterator[list[Arc]]:
        """The arcs of the sentences whose words have their ``ends`` at these places."""
        scores = [reduce(add, (own.head[at] @ own.word[at].T for own in ends)) for at in where]
        pairs = [np.nonzero(own > 0) for own in scores]
        labels = self._label(
            ends,
            np.concatenate([at[heads] for at, (heads, _) in zip(where, pairs, strict=True)]),
            np.concatenate([at[words] for at, (_, words) in zip(where, pairs, strict=True)]),
        )
        reached = [own[pair] for own, pair in zip(scores, pairs, strict=True)]
        sure = np.concatenate(reached) > self._least[labels]
        best = zip(labels.tolist(), sure.tolist(), strict=True)
        for heads, words in pairs:
            own = zip(heads.tolist(), words.tolist(), islice(best, len(heads)), strict=True)
            yield [Arc(head, word, self.labels[label]) for head, word, (label, high) in own if high]

    def _label(
        self, ends: list[Ends], heads: NDArray[np.intp], words: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """The number of the best label of each pair."""
        if not len(heads):
            return np.empty(0, np.intp)
        scores = sum(
            member.label_scores(own.label_head[heads], own.label_word[words])
            for member, own in zip(self._members, ends, strict=True)
        )
        best: NDArray[np.intp] = np.argmax(scores, axis=1)
        return best


def _batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Tuples of ``size`` items, the last one shorter."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
