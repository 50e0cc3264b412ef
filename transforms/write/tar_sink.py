"""Named payloads -> an archive: new headers, payloads copied once, few system calls."""

import os
from typing import IO

from ...schemas.tar import END_OF_ARCHIVE, RECORD
from ...schemas.tar_header import BLOCK, make_header
from ..read.payload import Payload, Stretch

_MOST_PARTS = min(os.sysconf("SC_IOV_MAX"), 1024) - 2
_SMALL = 4096
_MOST_BYTES = 1 << 20
_ZEROS = bytes(BLOCK)


class TarSink:
    """An archive that is being written to a file. The sink must be its only writer."""

    def __init__(self, file: IO[bytes]) -> None:
        self._descriptor = file.fileno()
        self._parts: list[bytes | memoryview] = []
        self._small: list[bytes | memoryview] = []
        self._waiting = 0
        self._size = 0

    def add(self, name: str, payload: Payload) -> None:
        """Append a member; ``payload`` must not change until ``finish``."""
        size = len(payload)
        self._put_small(make_header(name, size))
        if isinstance(payload, Stretch):
            for piece in payload.blocks():
                self._put_large(piece)
        elif size > _SMALL:
            self._put_large(payload)
        else:
            self._put_small(payload)
        self._put_small(_ZEROS[: -size % BLOCK])

    def finish(self) -> int:
        """End the archive and return its size in bytes. Raises OSError unless all were written."""
        self._put_small(END_OF_ARCHIVE)
        self._put_small(bytes(-(self._size + self._waiting) % RECORD))
        self._flush()
        written = os.fstat(self._descriptor).st_size
        if written != self._size:
            raise OSError(f"the archive has {self._size} bytes, but its file has {written}")
        return self._size

    def _put_small(self, part: bytes | memoryview) -> None:
        self._small.append(part)
        self._waiting += len(part)

    def _put_large(self, payload: bytes | memoryview) -> None:
        """Queue the small parts, joined, and then the payload, which is not copied."""
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
    """Return ``parts`` without their first ``size`` bytes."""
    at = 0
    while size >= len(parts[at]):
        size -= len(parts[at])
        at += 1
    return [memoryview(parts[at])[size:], *parts[at + 1 :]]
