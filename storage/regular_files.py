"""Local files that are opened only if they are regular.

A FIFO would block until somebody writes to it, a device may never end, and a socket cannot be
opened.
"""

import errno
import os
import stat
from typing import IO

from ..schemas.errors import UsageError

_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class IrregularFileError(UsageError, OSError):
    """A path where a regular file was expected leads to a FIFO, a socket or a device."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(f"{path}: it is {kind}, not a regular file")


def refuse_irregular(path: str) -> None:
    """Raise IrregularFileError if there is a FIFO, a socket or a device at ``path``."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return  # whoever opens it reports that
    _refuse(path, mode)


def open_regular(path: str) -> IO[bytes]:
    """Open the regular file at ``path`` for reading.

    Raises IrregularFileError, without waiting, for a FIFO, a socket or a device.
    """
    return open(path, "rb", opener=_open)


def _open(path: str, flags: int) -> int:
    refuse_irregular(path)  # before it is opened, which devices may notice
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        _refuse(path, mode)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse(path: str, mode: int) -> None:
    kind = _KINDS.get(stat.S_IFMT(mode))
    if kind is not None:
        raise IrregularFileError(path, kind)
