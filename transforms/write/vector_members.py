"""Source, encoders -> the ``.npy`` members that a written pair gets, for soft targets."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...schemas.captions import CaptionSource
from ...schemas.run_directory import RunDirectory
from ...schemas.source import Source
from ..embed.encoder import EncodedBy, Encodes, Vector
from ..embed.keep_vectors import VectorStore, vectors_in

_MEMBERS = {Encodes.IMAGES: "image_embedding.npy", Encodes.TEXTS: "text_embedding.npy"}


class VectorMembers:
    """The vectors of one source's pairs, as members of samples: float16, of length 1."""

    def __init__(
        self, run_dir: RunDirectory, source: Source, encoders: Sequence[EncodedBy]
    ) -> None:
        self._found: dict[Encodes, dict[str, tuple[Vector | None, ...]]] = {}
        for by in encoders:
            table = VectorStore(run_dir, source.name, by).load()
            names = ("image",) if by.encodes is Encodes.IMAGES else ("text", "text_generated")
            rows = zip(*(vectors_in(table[name]) for name in names), strict=True)
            self._found[by.encodes] = dict(zip(table["uid"].to_pylist(), rows, strict=True))

    def of(self, row: Mapping[str, Any]) -> dict[str, bytes]:
        """Return the members of a row of the selection; none for what could not be encoded."""
        members = {}
        for encodes, rows in self._found.items():
            vector = written_vector(rows.get(row["uid"], ()), row["caption_source"])
            if vector is not None:
                members[_MEMBERS[encodes]] = _npy(vector)
        return members


def written_vector(vectors: tuple[Vector | None, ...], source: str) -> Vector | None:
    """Return the vector of an image, or of the caption that was written.

    A fused caption says what both say, and lies between them: the mean of their vectors.
    """
    if len(vectors) < 2:
        return vectors[0] if vectors else None
    raw, generated = vectors
    if source == CaptionSource.RAW:
        return raw
    if source == CaptionSource.GENERATED or raw is None or generated is None:
        return generated if generated is not None else raw
    mean = raw + generated
    unit: Vector = mean / np.linalg.norm(mean)
    return unit


def _npy(vector: Vector) -> bytes:
    stream = io.BytesIO()
    np.save(stream, vector.astype(np.float16), allow_pickle=False)
    return stream.getvalue()
