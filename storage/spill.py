"""Bytes to be grouped -> a file that all workers can read, and the places of the bytes in it.

An engine then moves places only. Beam's own runner would hold all grouped bytes in the memory of
the launcher.
"""

import uuid
from collections.abc import Iterable, Iterator

from . import files

Spilled = bytes | tuple[str, int, int]
"""Some bytes, or their place: the path of a file, the offset and the number of bytes."""


def spill(folder: str, parts: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Spilled]]:
    """Write numbered ``parts`` to one new file in ``folder``, and yield the place of each.

    In an object store, reading a part takes a request; there the parts are yielded as they are.
    Each attempt writes a file of its own. The file of a failed attempt is never read.
    """
    if not files.is_local(folder):
        yield from parts
        return
    path = f"{folder}/{uuid.uuid4().hex}"
    places: list[tuple[int, Spilled]] = []
    with files.write_whole(path) as file:
        for number, part in parts:
            places.append((number, (path, file.tell(), len(part))))
            file.write(part)
    yield from places


def load_spilled(spilled: Spilled) -> bytes:
    """Return the bytes that ``spill`` took."""
    if isinstance(spilled, bytes):
        return spilled
    path, start, size = spilled
    with files.open_for_reading(path) as file:
        file.seek(start)
        return file.read(size)
