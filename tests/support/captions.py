"""Captions from elsewhere, and what they are joined on."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GENERATED = "a small black dog lies on a wooden table. A red ball is beside it."


def uid(number: int) -> str:
    return f"{number:032x}"


def sha256(number: int) -> str:
    return f"{number:064x}"


def url(number: int) -> str:
    return f"https://example.invalid/{number}.jpg"


def write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write JSON lines, compressed where the name ends with ``.gz``."""
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
