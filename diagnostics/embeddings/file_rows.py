"""Rows of numbers in a file, of which only those that are asked for are read."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ...schemas.errors import EvenpairError
from ..measures.vectors import Rows, Whole

BFLOAT16 = "bfloat16"
_SPARSE = 4
"""Row numbers that lie further apart than so many rows each are read one by one."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """A matrix in a file, row by row from ``offset``.

    Pages of a memory map would count as the process's own memory; what is read here is gone when
    it has been used.
    """

    name: str
    file: IO[bytes]
    offset: int
    kind: str
    """NumPy's name of a type, or ``bfloat16``, which is read as single precision."""
    shape: tuple[int, int]

    def __getitem__(self, rows: Rows) -> npt.NDArray[Any]:
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(self.shape[0])
            return self._read(start, max(start, stop))
        if not len(rows):
            return self._read(0, 0)
        first, last = int(rows.min()), int(rows.max())
        if last - first < _SPARSE * len(rows):
            return self._read(first, last + 1)[rows - first]
        return self._read_each(rows)

    def _read_each(self, rows: Whole) -> npt.NDArray[Any]:
        different, at = np.unique(rows, return_inverse=True)
        return np.concatenate([self._read(row, row + 1) for row in different.tolist()])[at]

    def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
        kind = np.dtype("<u2" if self.kind == BFLOAT16 else self.kind)
        width = self.shape[1] * kind.itemsize
        size = (stop - start) * width
        content = os.pread(self.file.fileno(), size, self.offset + start * width)
        if len(content) < size:
            raise EvenpairError(f"{self.name} is cut short: row {start} is not there")
        values = np.frombuffer(content, kind).reshape(stop - start, self.shape[1])
        if self.kind == BFLOAT16:
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values


@contextlib.contextmanager
def spool(name: str) -> Iterator["Spool"]:
    """Give a file on this machine that rows are appended to; it is gone when the block ends."""
    with tempfile.TemporaryFile(prefix="evenpair-") as file:
        yield Spool(name, file)


class Spool:
    """Rows that come a part at a time, kept in a file."""

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._file = file
        self._rows = 0
        self._first: npt.NDArray[Any] | None = None

    def append(self, part: npt.NDArray[Any]) -> None:
        """Append rows. Raises EvenpairError if they have not the width of the others."""
        if self._first is None:
            self._first = part[:0]
        if part.shape[1] != self._first.shape[1]:
            widths = self._first.shape[1], part.shape[1]
            raise EvenpairError(f"{self._name} has rows of {widths[0]} and of {widths[1]} numbers")
        self._file.write(np.ascontiguousarray(part, self._first.dtype).tobytes())
        self._rows += len(part)

    def rows(self) -> FileRows:
        """Return what was appended. Raises EvenpairError if nothing was."""
        if self._first is None or not self._rows:
            raise EvenpairError(f"{self._name} has no rows")
        self._file.flush()
        shape = self._rows, self._first.shape[1]
        return FileRows(self._name, self._file, 0, self._first.dtype.str, shape)
