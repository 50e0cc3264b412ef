"""What is shuffled -> a file that all workers can read, so that an engine moves only places in it.

Beam's own runner holds whatever is grouped in the launcher's memory.
"""

import uuid
from collections.abc import Iterable, Iterator

from . import files

Spilled = bytes | tuple[str, int, int]
"""Some bytes, or where they lie: the path of a file, the first of its bytes, and how many."""


def spill(folder: str, parts: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Spilled]]:
    """Write numbered ``parts`` to one new file in ``folder`` and give the place of each.

    An object store takes a request for each part that is read, so there they are given as they are.
    The file belongs to this attempt alone; one that failed leaves a file that nobody reads.
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
    """Return the bytes that were spilled."""
    if isinstance(spilled, bytes):
        return spilled
    path, start, size = spilled
    with files.open_for_reading(path) as file:
        file.seek(start)
        return file.read(size)
