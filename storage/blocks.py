"""A file that can be sliced like bytes, and is read in windows.

It is not memory-mapped: a mapped file that shrinks, or whose disk fails, kills the process, and
mapped pages count as the memory of the process. Windows are as fast.
"""

from collections.abc import Callable
from typing import NamedTuple

Read = Callable[[int, int], bytes]
"""Offset, size -> that many bytes, or fewer; none at the end of the file."""


class Reach(NamedTuple):
    """How far ahead to read, in bytes.

    The first window after a jump has ``first`` bytes; each further one is twice as large as the one
    before, up to ``most``. To skip at most ``gap`` bytes is not a jump. With ``streams``, a window
    begins where the last one ended, so the bytes of a gap are read too.
    """

    first: int
    most: int
    gap: int
    streams: bool


LOCAL = Reach(first=8 << 10, most=1 << 20, gap=16 << 10, streams=False)
REMOTE = Reach(first=64 << 10, most=8 << 20, gap=1 << 20, streams=True)
"""An object store takes about as long to answer a request as to send a megabyte."""


class Blocks:
    """The bytes of a file. A slice must have a start and a stop, neither of them negative."""

    __slots__ = ("_ahead", "_at", "_reach", "_read", "_size", "_window")

    def __init__(self, read: Read, size: int, reach: Reach = LOCAL) -> None:
        self._read = read
        self._size = size
        self._reach = reach
        self._ahead = reach.first
        self._at = 0
        self._window = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: slice, /) -> bytes:
        start, stop = index.start, index.stop
        at = start - self._at
        if at < 0 or stop > self._at + len(self._window):
            at = self._load(start, stop)
            stop = min(stop, self._size)
        return self._window[at : at + stop - start] if stop > start else b""

    def view(self, start: int, stop: int) -> memoryview:
        """Return a slice without copying it; it keeps its window in memory."""
        at = start - self._at
        if at < 0 or stop > self._at + len(self._window):
            at = self._load(start, stop)
        return memoryview(self._window)[at : at + max(0, stop - start)]

    def _load(self, start: int, stop: int) -> int:
        """Read the window that holds ``start`` to ``stop``; return the place of ``start`` in it."""
        end = self._at + len(self._window)
        in_order = end > self._at <= start <= end + self._reach.gap
        self._ahead = min(2 * self._ahead, self._reach.most) if in_order else self._reach.first
        overlap = b""
        begin = start
        if in_order and self._reach.streams:
            overlap, begin = self._window[start - self._at :], end
        stop = min(max(stop, begin + self._ahead), self._size)
        fresh = self._read_fully(begin, stop - begin) if stop > begin else b""
        self._window = overlap + fresh if overlap else fresh
        self._at = begin - len(overlap)
        return start - self._at

    def _read_fully(self, start: int, size: int) -> bytes:
        pieces = []
        while size > 0:
            piece = self._read(start, size)
            if not piece:
                raise OSError(f"the file ends at byte {start}: it has shrunk since it was opened")
            pieces.append(piece)
            start, size = start + len(piece), size - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
