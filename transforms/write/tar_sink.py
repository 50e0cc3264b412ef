"""Named payloads -> an archive: headers written anew, payloads copied once, in few system calls."""

import os
from typing import IO

from ...schemas.tar import END_OF_ARCHIVE, RECORD
from ...schemas.tar_header import BLOCK, make_header
from ..read.stored_samples import Payload, Stretch

_MOST_PARTS = min(os.sysconf("SC_IOV_MAX"), 1024) - 2
_SMALL = 4096
_MOST_BYTES = 1 << 20
_ZEROS = bytes(BLOCK)


class TarSink:
    """An archive that is being written to a file, which nobody else writes to."""

    def __init__(self, file: IO[bytes]) -> None:
        self._descriptor = file.fileno()
        self._parts: list[bytes | memoryview] = []
        self._small: list[bytes | memoryview] = []
        self._waiting = 0
        self._size = 0

    def add(self, name: str, payload: Payload) -> None:
        """Append a member; ``payload`` must stay as it is until the sink is finished."""
        size = len(payload)
        self._put_small(make_header(name, size))
        if isinstance(payload, Stretch):
            for piece in payload.pieces():
                self._put_large(piece)
        elif size > _SMALL:
            self._put_large(payload)
        else:
            self._put_small(payload)
        self._put_small(_ZEROS[: -size % BLOCK])

    def finish(self) -> int:
        """End the archive and return its size. Raises OSError unless all of it was written."""
        self._put_small(END_OF_ARCHIVE)
        self._put_small(bytes(-(self._size + self._waiting) % RECORD))
        self._flush()
        written = os.fstat(self._descriptor).st_size
        if written != self._size:
            raise OSError(f"of {self._size} bytes, {written} were written")
        return self._size

    def _put_small(self, part: bytes | memoryview) -> None:
        self._small.append(part)
        self._waiting += len(part)

    def _put_large(self, payload: bytes | memoryview) -> None:
        """Put a payload behind what is small: one part of a write for each, and no copy."""
        self._parts += (b"".join(self._small), payload)
        self._small.clear()
        self._waiting += len(payload)
        if self._waiting >= _MOST_BYTES or len(self._parts) >= _MOST_PARTS:
            self._flush()

    def _flush(self) -> None:
        parts = [*self._parts, b"".join(self._small)]
        left = self._waiting
        self._parts, self._small, self._waiting = [], [], 0
        self._size += left
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
