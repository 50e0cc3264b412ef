"""Named payloads -> an archive: headers written anew, payloads copied once, in few system calls."""

import os
from typing import IO

from ..schemas.tar import END_OF_ARCHIVE, RECORD
from ..schemas.tar_header import BLOCK, make_header
from .stored_samples import Payload, Stretch

_MOST_PARTS = min(os.sysconf("SC_IOV_MAX"), 1024)
_MOST_BYTES = 4 << 20
_ZEROS = bytes(BLOCK)


class TarSink:
    """An archive that is being written to a file, which nobody else writes to."""

    def __init__(self, file: IO[bytes]) -> None:
        self._descriptor = file.fileno()
        self._parts: list[bytes | memoryview] = []
        self._waiting = 0
        self._size = 0

    def add(self, name: str, payload: Payload) -> None:
        """Append a member; ``payload`` must stay as it is until the sink is finished."""
        size = len(payload)
        self._put(make_header(name, size))
        if isinstance(payload, Stretch):
            for piece in payload.pieces():
                self._put(piece)
        elif size:
            self._put(payload)
        if size % BLOCK:
            self._put(_ZEROS[: -size % BLOCK])

    def finish(self) -> int:
        """End the archive and return its size. Raises OSError unless all of it was written."""
        self._put(END_OF_ARCHIVE)
        self._put(bytes(-self._size % RECORD))
        self._flush()
        written = os.fstat(self._descriptor).st_size
        if written != self._size:
            raise OSError(f"of {self._size} bytes only {written} were written")
        return self._size

    def _put(self, part: bytes | memoryview) -> None:
        self._parts.append(part)
        self._waiting += len(part)
        self._size += len(part)
        if self._waiting >= _MOST_BYTES or len(self._parts) >= _MOST_PARTS:
            self._flush()

    def _flush(self) -> None:
        parts, left = self._parts, self._waiting
        self._parts, self._waiting = [], 0
        while left:
            written = os.writev(self._descriptor, parts)
            left -= written
            if left:
                parts = _after(parts, written)


def _after(parts: list[bytes | memoryview], size: int) -> list[bytes | memoryview]:
    """Return what is left of ``parts`` behind their first ``size`` bytes."""
    at = 0
    while size >= len(parts[at]):
        size -= len(parts[at])
        at += 1
    return [memoryview(parts[at])[size:], *parts[at + 1 :]]
