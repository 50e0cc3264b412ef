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


class Tokens(NamedTuple):
    """Words of sentences, the longest sentence first: all first words, then all second ones..."""

    rows: list[Rows]
    """Of each distinct word."""
    word: NDArray[np.intp]
    """The distinct word that each token is."""
    sizes: list[int]
    """How many sentences have a first word, how many a second one, ..."""


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
        self._layers = [
            [_Cell.of(plain, f"{layer}.{direction}") for direction in ("forward", "backward")]
            for layer in (0, 1)
        ]
        self._plain = plain

    def ends(self, tokens: Tokens) -> Ends:
        states = self._states(tokens)
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

    def _features(self, rows: Sequence[Rows]) -> Array:
        *own, vector = np.array(rows, np.intp).T
        parts = [table[row] for table, row in zip(self._tables, own, strict=True)]
        return np.concatenate([*parts, self._vectors[vector]], axis=1)

    def _states(self, tokens: Tokens) -> Array:
        states = self._features(tokens.rows)
        for number, cells in enumerate(self._layers):
            gates = [_product(states, cell.input) + cell.bias for cell in cells]
            if number == 0:
                gates = [own[tokens.word] for own in gates]
            both = [
                _run(own, cell.state, tokens.sizes, backward=cell is cells[1])
                for own, cell in zip(gates, cells, strict=True)
            ]
            states = np.concatenate(both, axis=1)
        return states

    def _projected(self, name: str, states: Array) -> Array:
        projected = _product(states, self._plain[f"{name}.weight"]) + self._plain[f"{name}.bias"]
        projected = np.maximum(projected, 0.1 * projected)
        return np.concatenate((projected, np.ones((len(projected), 1), np.float32)), axis=1)


class _Cell(NamedTuple):
    """One direction of an LSTM layer; gates in the order input, forget, new, output."""

    input: Array
    state: Array
    bias: Array

    @classmethod
    def of(cls, weights: Mapping[str, Array], name: str) -> "_Cell":
        """A sigmoid is a hyperbolic tangent of half its argument, so those gates are halved."""
        parts = [weights[f"{name}.{part}"] for part in ("input", "state", "bias")]
        half = np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), len(parts[1]))
        return cls(*(np.ascontiguousarray(part * half) for part in parts))


def _run(gates: Array, weight: Array, sizes: list[int], *, backward: bool) -> Array:
    """The states of one direction; ``gates`` (words, 4 width) without what the state adds."""
    width = len(weight)
    output = np.empty((len(gates), width), np.float32)
    hidden = np.zeros((max(sizes[0], 2), width), np.float32)
    memory = np.zeros_like(hidden)
    ends = np.cumsum(sizes).tolist()
    for step in reversed(range(len(sizes))) if backward else range(len(sizes)):
        size, end = sizes[step], ends[step]
        now = (hidden[: max(size, 2)] @ weight)[:size]
        now += gates[end - size : end]
        np.tanh(now, out=now)
        enter, keep, new, leave = (now[:, k * width : (k + 1) * width] for k in range(4))
        for gate in (enter, keep, leave):
            gate *= 0.5
            gate += 0.5
        enter *= new
        memory[:size] *= keep
        memory[:size] += enter
        np.multiply(np.tanh(memory[:size]), leave, out=output[end - size : end])
        hidden[:size] = output[end - size : end]
    return output


def _product(rows: Array, weight: Array) -> Array:
    """The matrix product; of a single row as of one among several, to the last bit."""
    if len(rows) == 1:
        return (np.concatenate((rows, rows)) @ weight)[:1]
    return rows @ weight
