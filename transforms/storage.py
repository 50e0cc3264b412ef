"""Files on any file system that Beam knows: read whole, written whole or not at all."""

import contextlib
import glob
import mmap
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.tar import Readable

_TEMPORARY = ".tmp-"


def is_local(path: str) -> bool:
    """Return whether ``path`` is on this machine rather than in an object store or on a cluster."""
    return "://" not in path


def exists(path: str) -> bool:
    """Return whether there is a file or folder at ``path``."""
    return os.path.exists(path) if is_local(path) else bool(_filesystems().exists(path))


def size_of(path: str) -> int:
    """Return the size of the file at ``path`` in bytes."""
    if is_local(path):
        return os.path.getsize(path)
    return int(_filesystems().match([path])[0].metadata_list[0].size_in_bytes)


def find(pattern: str) -> list[str]:
    """Return the files that match a glob pattern, sorted."""
    if is_local(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    matched = _filesystems().match([pattern])[0].metadata_list
    return sorted(metadata.path for metadata in matched)


def find_in(folder: str, pattern: str) -> list[str]:
    """Return the files in ``folder`` that match a glob pattern, sorted.

    A local folder's own name may hold the characters of a pattern.
    """
    if is_local(folder):
        found = glob.glob(pattern, root_dir=folder)
        return sorted(os.path.join(folder, name) for name in found)
    return find(f"{folder}/{pattern}")


def read_bytes(path: str) -> bytes:
    """Return the content of the file at ``path``."""
    with open_for_reading(path) as file:
        return file.read()


def open_for_reading(path: str) -> IO[bytes]:
    """Open the file at ``path``, uncompressed whatever its name says."""
    if is_local(path):
        return open(path, "rb")
    from apache_beam.io.filesystem import CompressionTypes

    file: IO[bytes] = _filesystems().open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return file


@contextlib.contextmanager
def open_blocks(path: str) -> Iterator[Readable]:
    """Give the file at ``path`` as bytes that can be sliced without reading the rest of it."""
    if not is_local(path):
        with open_for_reading(path) as file:
            yield _RemoteBlocks(file, size_of(path))
    elif os.path.getsize(path) == 0:
        yield b""
    else:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


class _RemoteBlocks:
    """A remote file as Readable: every slice is a seek and a read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: slice, /) -> bytes:
        start, stop, _ = index.indices(self._size)
        self._file.seek(start)
        return self._file.read(max(0, stop - start))


@contextlib.contextmanager
def write_whole(path: str) -> Iterator[IO[bytes]]:
    """Give a file that appears at ``path`` when the block ends, and never if it raises.

    The temporary name belongs to this attempt alone, so that two attempts at one unit cannot meet.
    Remote file systems publish an upload only when it is closed: there the upload is the commit.
    """
    if not is_local(path):
        with _filesystems().create(path, mime_type="application/octet-stream") as file:
            yield file
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(target)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    with write_whole(path) as file:
        file.write(content)


def write_table(path: str, table: pa.Table) -> None:
    """Write ``table`` as Parquet to ``path``, whole or not at all."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_bytes(path, sink.getvalue())


def read_table(path: str, columns: list[str] | None = None) -> pa.Table:
    """Return the Parquet table at ``path``, or some of its columns."""
    if is_local(path):
        return pq.ParquetFile(path, memory_map=True).read(columns)
    return pq.ParquetFile(pa.BufferReader(read_bytes(path))).read(columns)


def read_schema(path: str) -> pa.Schema:
    """Return the schema, metadata included, of the Parquet table at ``path``."""
    with open_for_reading(path) as file:
        return pq.read_schema(file)


def remove(path: str) -> None:
    """Remove the file or folder at ``path``; that there is none is no error.

    A local folder goes as a whole: whoever is killed meanwhile leaves nothing of it at ``path``.
    """
    if not is_local(path):
        if exists(path) or find(path + "/**"):
            _filesystems().delete([path])
    elif os.path.isdir(path):
        going = _temporary(Path(path))
        os.replace(path, going)
        shutil.rmtree(going)
    else:
        Path(path).unlink(missing_ok=True)


def remove_temporaries(folder: str) -> None:
    """Remove what killed attempts left below a local ``folder``."""
    if is_local(folder):
        for path in list(Path(folder).rglob(f".*{_TEMPORARY}*")):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}{_TEMPORARY}{uuid.uuid4().hex}")


def _filesystems() -> Any:  # noqa: ANN401 - Beam ships no types
    from apache_beam.io.filesystems import FileSystems

    return FileSystems
