"""The layers of the caption parser's network, in NumPy: word features, LSTM, biaffine forms."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = Mapping[str, NDArray[np.generic]]

AFFIXES = {"prefix": 4096, "suffix": 4096, "ending": 512}
"""Tables of word parts, with their number of rows: parts that share a row share its vector."""
TABLES = ("learned", *AFFIXES, "shape")
_DIGIT = re.compile(r"\d")


class Rows(NamedTuple):
    """Where a word is found in the tables of features; row 0 of each is for none."""

    learned: int
    prefix: int
    suffix: int
    ending: int
    shape: int
    vector: int


def word_rows(word: str, vector: int, learned: int) -> Rows:
    """The rows of a word, given those of its vector and of what is learned of it."""
    return Rows(
        learned,
        _affix_row("prefix", word[:3]),
        _affix_row("suffix", word[-3:]),
        _affix_row("ending", word[-2:]),
        1 + bool(_DIGIT.search(word)) + 2 * ("-" in word),
        vector,
    )


def _affix_row(table: str, part: str) -> int:
    return 1 + crc32(f"{table} {part}".encode()) % AFFIXES[table]


class Ends(NamedTuple):
    """What a network knows of each token as the head and as the word of an arc."""

    head: Array
    word: Array
    label_head: Array
    label_word: Array


class Member:
    """One trained network; a parser can have several, of which it takes the mean."""

    def __init__(self, weights: Weights, vectors: Array) -> None:
        plain = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self._tables = [plain[name] for name in TABLES]
        self._vectors = vectors
        self._layers = [_Layer.of(plain, number) for number in (0, 1)]
        self._plain = plain

    def word_gates(self, rows: Sequence[Rows]) -> Array:
        """What the first layer's gates take from each word, (words, 8 width)."""
        *own, vector = np.array(rows, np.intp).T
        parts = [table[row] for table, row in zip(self._tables, own, strict=True)]
        return self._layers[0].gates(np.concatenate([*parts, self._vectors[vector]], axis=1))

    def ends(self, gates: Array, sizes: list[int]) -> Ends:
        """For each word, given its gates: all first words of sentences, then all second ones, ...

        ``sizes`` says how many sentences, the longest first, have a first word, a second one, ...
        """
        first, second = self._layers
        states = second.states(second.gates(first.states(gates, sizes)), sizes)
        head = _product(self._projected("edge_head", states), self._plain["edge"])
        return Ends(
            head,
            self._projected("edge_word", states),
            self._projected("label_head", states),
            self._projected("label_word", states),
        )

    def label_scores(self, head: Array, word: Array) -> Array:
        """(arcs, labels), given the label ends of their heads and words."""
        forms = _product(head, self._plain["label"]).reshape(len(head), -1, word.shape[1])
        scores: Array = np.einsum("elk,ek->el", forms, word)
        return scores

    def _projected(self, name: str, states: Array) -> Array:
        weight = self._plain[f"{name}.weight"]
        projected = np.ones((len(states), weight.shape[1] + 1), np.float32)
        own = projected[:, :-1]
        own[:] = _product(states, weight)
        own += self._plain[f"{name}.bias"]
        np.maximum(own, 0.1 * own, out=own)
        return projected


_PARTS = ("input", "bias", "state")


class _Layer(NamedTuple):
    """A bidirectional LSTM layer; gates in the order input, forget, output, new."""

    input: Array
    """(inputs, 8 width): forward gates, then backward ones."""
    bias: Array
    forward: Array
    """(width, 4 width)"""
    backward: Array

    @classmethod
    def of(cls, weights: Mapping[str, Array], number: int) -> "_Layer":
        both = [
            {part: _in_order(weights[f"{number}.{way}.{part}"]) for part in _PARTS}
            for way in ("forward", "backward")
        ]
        return cls(
            np.concatenate([own["input"] for own in both], axis=1),
            np.concatenate([own["bias"] for own in both]),
            both[0]["state"],
            both[1]["state"],
        )

    def gates(self, inputs: Array) -> Array:
        """The gates without what the states add, (words, 8 width)."""
        gates = _product(inputs, self.input)
        gates += self.bias
        return gates

    def states(self, gates: Array, sizes: list[int]) -> Array:
        """The states of both directions, (words, 2 width)."""
        width = len(self.forward)
        states = np.empty((len(gates), 2 * width), np.float32)
        before, after = gates[:, : 4 * width], gates[:, 4 * width :]
        _run(before, self.forward, sizes, states[:, :width])
        _run(after, self.backward, sizes, states[:, width:], backward=True)
        return states


def _in_order(weights: Array) -> Array:
    """Gates from the order input, forget, new, output, those with a sigmoid halved.

    A sigmoid is a hyperbolic tangent of half its argument.
    """
    enter, keep, new, leave = np.split(weights, 4, axis=-1)
    return np.ascontiguousarray(
        np.concatenate((0.5 * enter, 0.5 * keep, 0.5 * leave, new), axis=-1), np.float32
    )


def _run(
    gates: Array, weight: Array, sizes: list[int], output: Array, *, backward: bool = False
) -> None:
    """Write the states of one direction; ``gates`` (words, 4 width) lack what the state adds."""
    width = len(weight)
    hidden = np.zeros((max(sizes[0], 2), width), np.float32)
    memory = np.zeros_like(hidden)
    buffer = np.empty((len(hidden), 4 * width), np.float32)
    ends = np.cumsum(sizes).tolist()
    for step in reversed(range(len(sizes))) if backward else range(len(sizes)):
        size, end = sizes[step], ends[step]
        rows = max(size, 2)
        np.matmul(hidden[:rows], weight, out=buffer[:rows])
        now, own = buffer[:size], memory[:size]
        now += gates[end - size : end]
        np.tanh(now, out=now)
        squashed, new = now[:, : 3 * width], now[:, 3 * width :]
        squashed *= 0.5
        squashed += 0.5
        new *= now[:, :width]
        own *= now[:, width : 2 * width]
        own += new
        np.multiply(np.tanh(own), now[:, 2 * width : 3 * width], out=hidden[:size])
        output[end - size : end] = hidden[:size]


def _product(rows: Array, weight: Array) -> Array:
    """The matrix product; of a single row as of one among several, to the last bit."""
    if len(rows) == 1:
        return (np.concatenate((rows, rows)) @ weight)[:1]
    return rows @ weight
