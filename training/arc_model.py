"""The network of `models.arc_network` as a torch module: its shape, its loss, its weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..models.arc_layers import AFFIXES, TABLES, Rows
from ..models.arc_network import WordVectors
from .graphs.graph_to_arcs import Example


@dataclass(frozen=True)
class Shape:
    """Widths of the network's parts, and the shares that training drops."""

    learned: int = 48
    prefix: int = 32
    suffix: int = 48
    ending: int = 16
    shape: int = 8
    state: int = 128
    edge: int = 128
    label: int = 48
    drop: float = 0.33


class Batch(NamedTuple):
    rows: Tensor
    """(sentences, words, features), 0 where a sentence has ended."""
    lengths: Tensor
    arcs: Tensor
    """(arcs, 3): sentence, head and word of each."""
    labels: Tensor
    weights: Tensor
    """How much each sentence counts."""


class ArcModel(nn.Module):
    """``learned`` words, the first of the vectors', have a vector of their own beside theirs."""

    def __init__(self, vectors: WordVectors, learned: int, labels: int, shape: Shape) -> None:
        super().__init__()
        self.shape, self.labels = shape, labels
        scaled = torch.from_numpy(vectors.rows())
        self.vectors = nn.Embedding(len(scaled), scaled.shape[1], _weight=scaled, _freeze=True)
        sizes = {"learned": learned + 1, **{name: size + 1 for name, size in AFFIXES.items()}}
        tables = {
            name: nn.Embedding(size, getattr(shape, name))
            for name, size in {**sizes, "shape": 5}.items()
        }
        for table in tables.values():
            nn.init.normal_(table.weight, 0, 0.3)
        self.tables = nn.ModuleDict(tables)
        width = scaled.shape[1] + sum(table.embedding_dim for table in tables.values())
        self.encoder = nn.LSTM(
            width, shape.state, 2, batch_first=True, bidirectional=True, dropout=shape.drop
        )
        self.ends = nn.ModuleDict(
            {
                f"{kind}_{end}": nn.Linear(2 * shape.state, getattr(shape, kind))
                for kind in ("edge", "label")
                for end in ("head", "word")
            }
        )
        self.edge = nn.Parameter(torch.randn(shape.edge + 1, shape.edge + 1) * 0.01)
        self.label = nn.Parameter(torch.randn(shape.label + 1, labels * (shape.label + 1)) * 0.05)
        self.drop = nn.Dropout(shape.drop)

    def loss(self, batch: Batch) -> Tensor:
        """Cross entropy of arcs and of their labels, a word's share."""
        states = self._encode(batch)
        edges = torch.einsum(
            "bid,de,bje->bij", self._end("edge_head", states), self.edge,
            self._end("edge_word", states),
        )  # fmt: skip
        gold = torch.zeros_like(edges)
        gold[tuple(batch.arcs.T)] = 1
        inside = torch.arange(edges.shape[1]) < batch.lengths[:, None]
        mask = (inside[:, :, None] & inside[:, None, :]) * batch.weights[:, None, None]
        loss = functional.binary_cross_entropy_with_logits(edges, gold, reduction="none")
        total = (batch.lengths * batch.weights).sum()
        labelled = functional.cross_entropy(
            self._score_labels(states, batch.arcs), batch.labels, reduction="none"
        )
        return ((loss * mask).sum() + (labelled * batch.weights[batch.arcs[:, 0]]).sum()) / total

    def _encode(self, batch: Batch) -> Tensor:
        *own, vector = batch.rows.unbind(-1)
        parts = [table(row) for table, row in zip(self.tables.values(), own, strict=True)]
        features = self._drop_shared(torch.cat([*parts, self.vectors(vector)], -1))
        packed = nn.utils.rnn.pack_padded_sequence(
            features, batch.lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.encoder(packed)[0], batch_first=True, total_length=features.shape[1]
        )
        return self._drop_shared(states)

    def _drop_shared(self, values: Tensor) -> Tensor:
        """Drop the same features of all words of a sentence."""
        if not self.training:
            return values
        kept = torch.rand(len(values), 1, values.shape[2]) >= self.shape.drop
        return values * kept / (1 - self.shape.drop)

    def _end(self, name: str, states: Tensor) -> Tensor:
        projected = self.drop(functional.leaky_relu(self.ends[name](states), 0.1))
        return torch.cat([projected, torch.ones_like(projected[..., :1])], -1)

    def _score_labels(self, states: Tensor, arcs: Tensor) -> Tensor:
        sentence, heads, words = arcs.T
        head = self._end("label_head", states)[sentence, heads]
        word = self._end("label_word", states)[sentence, words]
        forms = (head @ self.label).view(len(arcs), self.labels, -1)
        return torch.einsum("elk,ek->el", forms, word)


def pad_batch(
    rows: Sequence[Sequence[Rows]],
    examples: Sequence[Example],
    labels: Mapping[str, int],
    weights: Sequence[float],
) -> Batch:
    """A batch of sentences, of whose words ``rows`` are known."""
    longest = max(map(len, rows))
    table = np.zeros((len(rows), longest, len(Rows._fields)), np.int64)
    for number, own in enumerate(rows):
        table[number, : len(own)] = own
    arcs = [
        (number, arc.head, arc.word)
        for number, example in enumerate(examples)
        for arc in example.arcs
    ]
    return Batch(
        torch.from_numpy(table),
        torch.tensor([len(own) for own in rows]),
        torch.tensor(arcs, dtype=torch.long).reshape(-1, 3),
        torch.tensor([labels[arc.label] for example in examples for arc in example.arcs]).long(),
        torch.tensor(weights),
    )


def export_weights(state: Mapping[str, Tensor]) -> dict[str, NDArray[np.generic]]:
    """The arrays of a model's state that `models.arc_layers.Member` takes, in half size."""
    arrays: dict[str, NDArray[np.generic]] = {
        name: state[f"tables.{name}.weight"].numpy() for name in TABLES
    }
    for layer in (0, 1):
        for direction, ending in (("forward", ""), ("backward", "_reverse")):
            own = [state[f"encoder.{kind}_l{layer}{ending}"] for kind in _KINDS]
            parts = {"input": own[0].T, "state": own[1].T, "bias": own[2] + own[3]}
            for part, tensor in parts.items():
                arrays[f"{layer}.{direction}.{part}"] = tensor.numpy()
    for name in ("edge_head", "edge_word", "label_head", "label_word"):
        arrays[f"{name}.weight"] = state[f"ends.{name}.weight"].T.numpy()
        arrays[f"{name}.bias"] = state[f"ends.{name}.bias"].numpy()
    arrays |= {"edge": state["edge"].numpy(), "label": state["label"].numpy()}
    return {name: array.astype(np.float16) for name, array in arrays.items()}


_KINDS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
