"""Source, encoders -> the ``.npy`` members of its samples, as soft targets for training."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...schemas.captions import CaptionSource
from ...schemas.run_directory import RunDirectory
from ...schemas.source import Source
from ..embed.encoder import EncoderId, Modality, Vector
from ..embed.keep_vectors import VectorStore, vectors_in

_MEMBERS = {Modality.IMAGES: "image_embedding.npy", Modality.TEXTS: "text_embedding.npy"}


class VectorMembers:
    """The vectors of one source's pairs, as members of samples: float16, of length 1."""

    def __init__(
        self, run_dir: RunDirectory, source: Source, encoders: Sequence[EncoderId]
    ) -> None:
        self._vectors: dict[Modality, dict[str, tuple[Vector | None, ...]]] = {}
        for encoder_id in encoders:
            table = VectorStore(run_dir, source.name, encoder_id).load()
            is_image = encoder_id.encodes is Modality.IMAGES
            names = ("image",) if is_image else ("text", "text_generated")
            rows = zip(*(vectors_in(table[name]) for name in names), strict=True)
            uids = table["uid"].to_pylist()
            self._vectors[encoder_id.encodes] = dict(zip(uids, rows, strict=True))

    def of(self, row: Mapping[str, Any]) -> dict[str, bytes]:
        """Return the members of a row of the selection; one without a vector is left out."""
        members = {}
        for modality, rows in self._vectors.items():
            vector = written_vector(rows.get(row["uid"], ()), row["caption_source"])
            if vector is not None:
                members[_MEMBERS[modality]] = _npy(vector)
        return members


def written_vector(vectors: tuple[Vector | None, ...], source: str) -> Vector | None:
    """Return the vector of an image, or of the caption that is written.

    ``vectors`` holds the vector of the image, or those of the raw and the generated caption. For a
    fused caption, which states what both state, it is their mean, of length 1.
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
