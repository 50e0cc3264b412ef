"""A path -> the embeddings that lie there."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

from ...schemas.errors import UsageError
from ...storage import files
from .embeddings import OPTIONAL, Embeddings, embeddings_of
from .read_npz import read_npz
from .read_parquet import read_parquet
from .read_safetensors import read_safetensors

_NPZ, _SAFETENSORS, _PARQUET = KINDS = (".npz", ".safetensors", ".parquet")
_OF_RUNS = "similarity"
"""The folder of a run's embeddings in which images and texts are one model's."""


@contextlib.contextmanager
def open_embeddings(path: str, text_column: str = "text") -> Iterator[Embeddings]:
    """Give the embeddings at ``path``, whose vectors can be read until the block ends.

    ``path`` is an ``.npz``, ``.safetensors`` or Parquet file, a folder of Parquet files, or the
    ``embeddings`` of a run directory. Raises UsageError for a path or an array that is not there,
    EvenpairError for a file that cannot be read.
    """
    with ExitStack() as open_until:
        yield embeddings_of(_read(path, text_column, open_until), path)


def _read(path: str, text_column: str, open_until: ExitStack) -> dict[str, Any]:
    tables = _tables(path)
    if tables:
        return read_parquet(tables, text_column, OPTIONAL, open_until)
    if not path.endswith(KINDS):
        raise UsageError(f"{path}: embeddings are .npz, .safetensors or .parquet")
    if not files.exists(path):
        raise UsageError(f"no such file: {path}")
    file = open_until.enter_context(_local(path))
    if path.endswith(_NPZ):
        return read_npz(path, file, open_until)
    return read_safetensors(path, file)


def _tables(path: str) -> list[str]:
    """Return the Parquet files at ``path``: itself, or those of the folder that it is."""
    if path.endswith(_PARQUET) and files.exists(path) and not os.path.isdir(path):
        return [path]
    if path.endswith(KINDS) and not os.path.isdir(path):
        return []
    folder = path.rstrip("/")
    found = files.find_in(f"{folder}/{_OF_RUNS}", "*.parquet")
    found = found or files.find_in(folder, "*.parquet")
    if not found and os.path.isdir(folder):
        raise UsageError(
            f"{folder} holds no Parquet files: evenpair enrich --similarity-model fills the "
            "embeddings of a run"
        )
    return found


@contextlib.contextmanager
def _local(path: str) -> Iterator[IO[bytes]]:
    """Give the file at ``path`` as one of this machine, from anywhere."""
    with files.open_for_reading(path) as file:
        if files.is_local(path):
            yield file
            return
        with tempfile.TemporaryFile(prefix="evenpair-") as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            copy.flush()
            copy.seek(0)
            yield copy
