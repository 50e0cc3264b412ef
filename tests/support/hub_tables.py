"""Tables as the Hugging Face hub has them, made small."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .shards import make_jpeg

FILE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""The type of a column of images, as the datasets library writes it."""

TEXTS = [
    "a brown dog runs on the beach",
    "two red boats on a lake",
    "a cat on a chair",
    "a man rides a white horse",
]


def hub_images(count: int = 4, first: int = 0) -> pa.Array:
    rows = [{"bytes": make_jpeg(first + at), "path": f"{at}.jpg"} for at in range(count)]
    return pa.array(rows, FILE)


def write_hub_table(path: Path, columns: dict[str, Any] | None = None, **options: Any) -> Path:
    """Write a table with images and texts, and with ``columns`` instead or besides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"image": hub_images(), "text": TEXTS} if columns is None else columns
    pq.write_table(pa.table(plain), path, **options)
    return path
