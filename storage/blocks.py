"""A file as bytes that can be sliced, read in windows: neither the whole of it nor a map of it.

A file that is mapped and then shrinks, or whose disk goes away, kills the process; and the pages
of a map count as its memory. Windows have neither fault, and are as fast.
"""

from collections.abc import Callable
from typing import NamedTuple

Read = Callable[[int, int], bytes]
"""Offset, size -> as many bytes, or fewer at the end of the file."""


class Reach(NamedTuple):
    """How far ahead to read, in bytes.

    A window has ``first`` bytes after a jump, and twice as many as the last one while reading goes
    on in order, up to ``most``. A step over no more than ``gap`` bytes is no jump. What ``streams``
    reads on where the last window ended, through a gap if need be.
    """

    first: int
    most: int
    gap: int
    streams: bool


LOCAL = Reach(first=8 << 10, most=1 << 20, gap=16 << 10, streams=False)
REMOTE = Reach(first=64 << 10, most=8 << 20, gap=1 << 20, streams=True)
"""An object store takes as long to answer as to send a megabyte."""


class Blocks:
    """The bytes of a file. Slices must have a start and a stop, neither negative."""

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
        """Return a slice without copying it; it keeps the window alive that it lies in."""
        at = start - self._at
        if at < 0 or stop > self._at + len(self._window):
            at = self._load(start, stop)
        return memoryview(self._window)[at : at + max(0, stop - start)]

    def _load(self, start: int, stop: int) -> int:
        """Read the window that holds ``start`` to ``stop``, and return where in it they begin."""
        end = self._at + len(self._window)
        in_order = end > self._at <= start <= end + self._reach.gap
        self._ahead = min(2 * self._ahead, self._reach.most) if in_order else self._reach.first
        kept = b""
        begin = start
        if in_order and self._reach.streams:
            kept, begin = self._window[start - self._at :], end
        stop = min(max(stop, begin + self._ahead), self._size)
        fresh = self._read_fully(begin, stop - begin) if stop > begin else b""
        self._window = kept + fresh if kept else fresh
        self._at = begin - len(kept)
        return start - self._at

    def _read_fully(self, start: int, size: int) -> bytes:
        pieces = []
        while size > 0:
            piece = self._read(start, size)
            if not piece:
                raise OSError(f"it ends at byte {start}, earlier than it did: something changed it")
            pieces.append(piece)
            start, size = start + len(piece), size - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
