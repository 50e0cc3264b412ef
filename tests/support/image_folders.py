"""Folders of images with captions beside them, made small."""

import json
from pathlib import Path
from typing import Any

from .shards import make_jpeg


def write_files(folder: Path, contents: dict[str, bytes | str]) -> Path:
    """Write files below ``folder`` by their paths there."""
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def json_lines(*rows: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def images(*names: str) -> dict[str, bytes]:
    """Return a picture of its own for each name."""
    return {name: make_jpeg(at) for at, name in enumerate(names)}
