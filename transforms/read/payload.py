"""The content of a stored sample: bytes in memory, or a stretch of a file too large for it."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from ...schemas.sample import Sample
from ...storage import files
from ...storage.blocks import Blocks

MOST_BYTES = 128 << 20
"""The largest payload that is held in memory; larger images and texts are rejected."""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """A payload too large for memory: its offset and size in bytes in an archive."""

    archive: Blocks
    offset: int
    size: int

    def __len__(self) -> int:
        return self.size

    def blocks(self) -> Iterator[memoryview]:
        """Yield the payload in blocks of 1 MiB."""
        end = self.offset + self.size
        for start in range(self.offset, end, _BLOCK):
            yield self.archive.view(start, min(start + _BLOCK, end))


Payload = bytes | memoryview | Stretch
StoredSample = Sample[Payload]


class OutsideError(ValueError):
    """A name that a source gives, and that leads to no regular file below its folder."""


def file_below(folder: str, name: str) -> str:
    """Return the path of the file ``name`` below a local or remote ``folder``.

    Raises OutsideError for a name, or a symbolic link, that leads out of the folder, and for a name
    without a regular file.
    """
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise OutsideError(f"the path {name!r} leads outside the folder of its source")
    path = f"{folder.rstrip('/')}/{name}"
    if not files.is_local(folder):
        if "://" in name or not files.exists(path):
            raise OutsideError(f"there is no file {name!r} in the folder of its source")
        return path
    resolved, root = os.path.realpath(path), os.path.realpath(folder)
    if not resolved.startswith(f"{root.rstrip('/')}/"):
        raise OutsideError(f"the path {name!r} leads outside the folder of its source")
    try:
        is_file = stat.S_ISREG(os.stat(resolved).st_mode)
    except OSError:
        is_file = False
    if not is_file:
        raise OutsideError(f"there is no file {name!r} in the folder of its source")
    return resolved


def read_file(path: str) -> Payload:
    """Return the content of the file at ``path``, a stretch of it if it is too large."""
    size = files.size_of(path)
    if size > MOST_BYTES:
        return Stretch(Blocks(lambda start, count: _range(path, start, count), size), 0, size)
    return files.read_bytes(path)


def _range(path: str, start: int, count: int) -> bytes:
    with files.open_for_reading(path) as file:
        file.seek(start)
        return file.read(count)
