"""Files of embeddings in every format, and the arrays that they hold."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import save_file

DRAW = np.random.default_rng(0)
IMAGE = DRAW.normal(size=(30, 6)).astype(np.float32)
TEXT = DRAW.normal(size=(50, 6)).astype(np.float32)
MATCHES = np.concatenate([np.arange(30), DRAW.integers(30, size=20)])
OBJECT = DRAW.integers(4, size=30)
ATTRIBUTE = DRAW.random((30, 3)) < 0.5
ALL = {
    "image": IMAGE,
    "text": TEXT,
    "text_to_image": MATCHES,
    "object": OBJECT,
    "attribute": ATTRIBUTE,
    "temperature": np.array(0.05),
    "object_prompts": TEXT[:4],
}


def write_npz(path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)


def write_compressed(path: Path, **arrays: Any) -> None:
    np.savez_compressed(path, **arrays)


def write_safetensors(path: Path, **arrays: Any) -> None:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


WRITERS = {
    "a.npz": write_npz,
    "compressed.npz": write_compressed,
    "a.safetensors": write_safetensors,
}


def lists(vectors: Iterable[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Return a column of vectors."""
    rows = [None if row is None else list(map(float, row)) for row in vectors]
    return pa.array(rows, kind or pa.list_(pa.float32()))


PAIRS = {"image": lists(IMAGE), "text": lists(TEXT[:30]), "object": pa.array(map(str, OBJECT))}


def write_table(path: Path, columns: dict[str, Any]) -> Path:
    """Write a table in several row groups."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=7)
    return path
