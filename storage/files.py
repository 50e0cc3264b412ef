"""Files on any file system that Beam knows: read whole, written whole or not at all."""

import contextlib
import glob
import os
import posixpath
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq

from . import remote
from .blocks import LOCAL, REMOTE, Blocks

_THREADS = 16
_TEMPORARY = ".tmp-"
_BUFFER = 1 << 20
_SHOWS_UPLOADS = ("hdfs",)

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


def is_local(path: str) -> bool:
    """Return whether ``path`` is on this machine rather than in an object store or on a cluster."""
    return "://" not in path


def exists(path: str) -> bool:
    """Return whether there is a file or folder at ``path``; object stores know no folders."""
    return os.path.exists(path) if is_local(path) else remote.exists(path)


def size_of(path: str) -> int:
    """Return the size of the file at ``path`` in bytes. Raises OSError if there is none."""
    return os.path.getsize(path) if is_local(path) else remote.size_of(path)


def require_access(path: str) -> None:
    """Raise EvenpairError if the file system of ``path`` cannot be used; this machine's can."""
    if not is_local(path):
        remote.require_access(path)


def find(pattern: str) -> list[str]:
    """Return the files that match a glob pattern, sorted."""
    if is_local(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    return remote.find(pattern)


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
    return open(path, "rb") if is_local(path) else cast(IO[bytes], remote.open_for_reading(path))


def fault(path: str, error: OSError) -> str:
    """Return what went wrong with the file at ``path``, in a line that begins with its path."""
    said = error.strerror or str(error)
    return f"{path}: {said.removeprefix(path + ': ')}"


@contextlib.contextmanager
def open_blocks(path: str) -> Iterator[Blocks]:
    """Give the file at ``path`` as bytes that can be sliced without reading the rest of it."""
    if not is_local(path):
        with remote.open_for_reading(path) as ranged:
            yield Blocks(ranged.read_range, ranged.bytes, REMOTE)
        return
    with open(path, "rb") as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        yield Blocks(lambda start, count: os.pread(descriptor, count, start), size, LOCAL)


@contextlib.contextmanager
def write_whole(path: str) -> Iterator[IO[bytes]]:
    """Give a file that appears at ``path`` when the block ends, and never if it raises.

    The temporary name belongs to this attempt alone, so that two attempts at one unit cannot meet.
    A remote file is uploaded when the block ends: the finished upload is the commit. HDFS, which
    shows a file while it is written, has a rename instead.
    """
    if is_local(path):
        with _write_local(Path(path)) as file:
            yield file
        return
    with temporary_file() as file:
        yield file
        file.flush()
        file.seek(0)
        if remote.scheme_of(path) in _SHOWS_UPLOADS:
            hidden = _temporary_name(path)
            remote.upload(file, hidden)
            remote.rename(hidden, path)
        else:
            remote.upload(file, path)


@contextlib.contextmanager
def _write_local(target: Path) -> Iterator[IO[bytes]]:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(_temporary_name(str(target)))
    with _naming(str(target), hidden=str(temporary)):
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def temporary_file() -> Iterator[IO[bytes]]:
    """Give a file that is gone when the block ends, where this machine keeps such files."""
    with _naming(tempfile.gettempdir()), tempfile.TemporaryFile() as file:
        yield file


@contextlib.contextmanager
def _naming(path: str, hidden: str | None = None) -> Iterator[None]:
    """Have what the system refuses name ``path``, if it names nothing or what is ``hidden``."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, hidden):
            raise
        raise OSError(error.errno, error.strerror, path) from error


@contextlib.contextmanager
def scratch_folder(path: str) -> Iterator[str]:
    """Give a folder of this machine in which files for ``path`` can be made, gone after the block.

    It lies beside a local ``path``, so that what was made there is renamed and not copied. Progress
    takes what is in it for pieces.
    """
    if not is_local(path):
        with tempfile.TemporaryDirectory() as folder:
            yield folder
        return
    made = Path(f"{_temporary_name(path)}.parts")
    made.mkdir(parents=True)
    try:
        yield str(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def move_in(made: str, path: str) -> None:
    """Move a finished file from a scratch folder to ``path``, where it appears as a whole."""
    if is_local(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made, path)
        return
    with open(made, "rb") as file, write_whole(path) as target:
        shutil.copyfileobj(file, target, _BUFFER)


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
    with open_table(path) as file:
        return file.read(columns)


def read_schema(path: str) -> pa.Schema:
    """Return the schema, metadata included, of the Parquet table at ``path``."""
    with open_table(path) as file:
        return file.schema_arrow


@contextlib.contextmanager
def open_table(path: str) -> Iterator[pq.ParquetFile]:
    """Give the Parquet file at ``path``, of which columns and groups of rows can be read alone."""
    with open_for_reading(path) as file:
        if is_local(path):
            yield pq.ParquetFile(file, buffer_size=_BUFFER)
        else:
            yield pq.ParquetFile(file, pre_buffer=True)


def each(function: Callable[[_Item], _Found], items: Iterable[_Item]) -> list[_Found]:
    """Return ``function`` of each item, many at a time: what takes time is to wait for a store."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(function, items))


def remove(path: str) -> None:
    """Remove the file or folder at ``path``; that there is none is no error.

    A local folder goes as a whole: whoever is killed meanwhile leaves nothing of it at ``path``.
    """
    if not is_local(path):
        remote.delete([*find(path), *find(f"{path}/**")])
    elif os.path.isdir(path):
        going = _temporary_name(path)
        with contextlib.suppress(FileNotFoundError):  # another attempt has just removed it
            os.replace(path, going)
            shutil.rmtree(going)
    else:
        Path(path).unlink(missing_ok=True)


def remove_temporaries(folder: str) -> None:
    """Remove what killed attempts left below ``folder``."""
    if not is_local(folder):
        left = find(f"{folder}/**") if remote.scheme_of(folder) in _SHOWS_UPLOADS else []
        remote.delete([path for path in left if _TEMPORARY in posixpath.basename(path)])
        return
    for path in list(Path(folder).rglob(f".*{_TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary_name(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}{_TEMPORARY}{uuid.uuid4().hex}"
