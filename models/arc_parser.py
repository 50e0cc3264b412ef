"""The caption parser as a component of a spaCy pipeline: it draws arcs that are facts.

The arcs of a `Doc` are in its ``user_data``, under `ARCS`; `transforms.facts.extract_facts` reads
them. They are no syntax tree: a word may have no arc or many.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from .arc_network import ArcNetwork, WordVectors

ARCS = "arcs"
FACTORY = "evenpair_arcs"
_NAMES, _VECTORS, _WEIGHTS = "names.json", "vectors.npz", "weights-{}.npz"


class ArcParser:
    """Draws the arcs of each `Doc`, a batch at a time."""

    def __init__(self, name: str = ARCS, network: ArcNetwork | None = None) -> None:
        self.name = name
        self.network = network

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 1024) -> Iterator[Doc]:
        if self.network is None:
            raise ValueError(f"the component {self.name!r} has no weights: load a trained pipeline")
        docs = iter(stream)
        while batch := list(islice(docs, batch_size)):
            arcs = self.network.arcs([[token.text for token in doc] for doc in batch])
            for doc, own in zip(batch, arcs, strict=True):
                doc.user_data[ARCS] = own
            yield from batch

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write words and labels, their vectors and the weights of each network into a folder."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self.network is None:
            return
        words, table, scale = self.network.vectors
        names = {"labels": self.network.labels, "words": words}
        (folder / _NAMES).write_text(json.dumps(names, indent=0), "utf-8")
        np.savez_compressed(folder / _VECTORS, table=table, scale=scale)
        for number, weights in enumerate(self.network.weights):
            np.savez_compressed(folder / _WEIGHTS.format(number), allow_pickle=False, **weights)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "ArcParser":
        folder = Path(path)
        names = json.loads((folder / _NAMES).read_text("utf-8"))
        vectors = _arrays(folder / _VECTORS)
        members = [_arrays(own) for own in sorted(folder.glob(_WEIGHTS.format("*")))]
        self.network = ArcNetwork(
            members,
            WordVectors(names["words"], vectors["table"], vectors["scale"]),
            names["labels"],
        )
        return self


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def create_arc_parser(nlp: Language, name: str) -> ArcParser:
    """A component without weights, which `from_disk` reads."""
    return ArcParser(name)


Language.factory(FACTORY, func=create_arc_parser)
