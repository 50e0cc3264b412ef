"""NumPy's ``.npz`` -> arrays; large ones that are not compressed stay in the file."""

import math
import zipfile
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from ...schemas.errors import EvenpairError
from .file_rows import FileRows, spool

_LOCAL_HEADER = 30
_COPIED = 1 << 20


def read_npz(name: str, file: IO[bytes], open_until: ExitStack) -> dict[str, Any]:
    """Return the arrays by name; rows of floating-point numbers as ``FileRows``.

    Raises EvenpairError for a file that is damaged or holds pickled objects.
    """
    try:
        archive = open_until.enter_context(zipfile.ZipFile(file))
        return {
            member.filename.removesuffix(".npy"): _read(name, file, archive, member, open_until)
            for member in archive.infolist()
        }
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise EvenpairError(f"{name} cannot be read as .npz: {error}") from error


def _read(
    name: str,
    file: IO[bytes],
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    open_until: ExitStack,
) -> Any:  # noqa: ANN401 - an array or FileRows
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, in_columns, kind = read_header(stream)
        named = f"{name}: {member.filename.removesuffix('.npy')}"
        if member.file_size < stream.tell() + math.prod(shape) * kind.itemsize:
            raise ValueError(f"{named} is cut short")
        if len(shape) != 2 or kind.kind != "f" or in_columns or 0 in shape:
            stream.seek(0)
            return npy.read_array(stream, allow_pickle=False)
        if member.compress_type == zipfile.ZIP_STORED:
            offset = _offset(file, member) + stream.tell()
            return FileRows(named, file, offset, kind.str, shape)
        spooled = open_until.enter_context(spool(named))
        rows = max(1, _COPIED // (shape[1] * kind.itemsize))
        for start in range(0, shape[0], rows):
            count = min(rows, shape[0] - start)
            content = stream.read(count * shape[1] * kind.itemsize)
            spooled.append(np.frombuffer(content, kind).reshape(count, shape[1]))
        return spooled.rows()


def _offset(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Return where a member's bytes begin: behind its header, its name and what extends it."""
    position = file.tell()
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    file.seek(position)
    lengths = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
    return member.header_offset + _LOCAL_HEADER + sum(lengths)
