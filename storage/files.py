"""Files on any file system that Beam supports: found, read, and written whole or not at all."""

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

from . import remote
from .blocks import LOCAL, REMOTE, Blocks
from .regular_files import open_regular

_THREADS = 16
_TEMPORARY = ".tmp-"
_BUFFER = 1 << 20
_SHOWS_UPLOADS = ("hdfs",)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def is_local(path: str) -> bool:
    """Return whether ``path`` is on this machine rather than in an object store or on a cluster."""
    return "://" not in path


def exists(path: str) -> bool:
    """Return whether there is a file or folder at ``path``; object stores have no folders."""
    return os.path.exists(path) if is_local(path) else remote.exists(path)


def size_of(path: str) -> int:
    """Return the size of the file at ``path`` in bytes. Raises OSError if there is none."""
    return os.path.getsize(path) if is_local(path) else remote.size_of(path)


def require_access(path: str) -> None:
    """Raise EvenpairError if the file system of ``path`` cannot be used; local ones always can."""
    if not is_local(path):
        remote.require_access(path)


def find(pattern: str) -> list[str]:
    """Return the files that match a glob pattern, sorted."""
    if is_local(pattern):
        return sorted(glob.glob(pattern, recursive=True))
    return remote.find(pattern)


def find_in(folder: str, pattern: str) -> list[str]:
    """Return the files in ``folder`` that match a glob pattern, sorted.

    Characters of a pattern in the name of the folder stand for themselves.
    """
    if is_local(folder):
        return find(f"{glob.escape(folder)}/{pattern}")
    return remote.find_in(folder, pattern)


def walk(folder: str) -> list[str]:
    """Return the files in ``folder`` and below, relative to it, sorted; no hidden ones.

    Symbolic links to folders are not followed, those to files are listed.
    """
    if not is_local(folder):
        prefix = f"{folder.rstrip('/')}/"
        found = (path.removeprefix(prefix) for path in remote.find_in(folder.rstrip("/"), "**"))
        return sorted(path for path in found if not _is_hidden(path))
    paths = []
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = os.path.relpath(at, folder)
        paths += [name if inner == "." else f"{inner}/{name}" for name in names]
    return sorted(path for path in paths if not _is_hidden(path))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def read_bytes(path: str) -> bytes:
    """Return the content of the file at ``path``."""
    with open_for_reading(path) as file:
        return file.read()


def open_for_reading(path: str) -> IO[bytes]:
    """Open the file at ``path``; it is never decompressed, whatever its name.

    Raises IrregularFileError, without waiting, for a local FIFO, socket or device.
    """
    return open_regular(path) if is_local(path) else cast(IO[bytes], remote.open_for_reading(path))


def fault(path: str, error: OSError) -> str:
    """Return the message of ``error`` in a line that begins with ``path``."""
    message = error.strerror or str(error)
    return f"{path}: {message.removeprefix(path + ': ')}"


@contextlib.contextmanager
def open_blocks(path: str) -> Iterator[Blocks]:
    """Yield the file at ``path`` as bytes that can be sliced without reading the rest.

    Raises IrregularFileError, without waiting, for a local FIFO, socket or device.
    """
    if not is_local(path):
        with remote.open_for_reading(path) as ranged:
            yield Blocks(ranged.read_range, ranged.bytes, REMOTE)
        return
    with open_regular(path) as file:
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        yield Blocks(lambda start, count: os.pread(descriptor, count, start), size, LOCAL)


@contextlib.contextmanager
def write_whole(path: str) -> Iterator[IO[bytes]]:
    """Yield a file that appears at ``path`` when the block ends, and never if the block raises.

    Each attempt writes under a temporary name of its own, so two attempts at one unit do not meet.
    A remote file is uploaded when the block ends, and an object store shows it when the upload is
    complete. HDFS shows files while they are written, so there the upload is renamed.
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
    """Yield a file in this machine's folder of temporary files; it is gone when the block ends."""
    with _naming(tempfile.gettempdir()), tempfile.TemporaryFile() as file:
        yield file


@contextlib.contextmanager
def _naming(path: str, hidden: str | None = None) -> Iterator[None]:
    """Make errors of the operating system name ``path``, instead of no file or a ``hidden`` one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, hidden):
            raise
        raise OSError(error.errno, error.strerror, path) from error


@contextlib.contextmanager
def scratch_folder(path: str) -> Iterator[str]:
    """Yield a local folder in which files for ``path`` can be made; it is gone after the block.

    It lies beside a local ``path``, so that finished files are renamed and not copied. Its name
    ends in ``.parts``, by which the display of progress knows that they are not finished.
    """
    if not is_local(path):
        with tempfile.TemporaryDirectory() as folder:
            yield folder
        return
    scratch = Path(f"{_temporary_name(path)}.parts")
    scratch.mkdir(parents=True)
    try:
        yield str(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def move_in(finished: str, path: str) -> None:
    """Move a finished local file to ``path``, where it appears whole."""
    if is_local(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(finished, path)
        return
    with open(finished, "rb") as file, write_whole(path) as target:
        shutil.copyfileobj(file, target, _BUFFER)


def write_bytes(path: str, content: bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    with write_whole(path) as file:
        file.write(content)


def each(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """Return ``function`` of each item, called on threads: most of the time is spent waiting."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(function, items))


def remove(path: str) -> None:
    """Remove the file or folder at ``path``, if there is one.

    A local folder is renamed first, so a kill in the middle leaves nothing of it at ``path``.
    """
    if not is_local(path):
        itself = [path] if remote.exists(path) else []
        remote.delete([*itself, *remote.find_in(path, "**")])
    elif os.path.isdir(path):
        renamed = _temporary_name(path)
        with contextlib.suppress(FileNotFoundError):  # another attempt has just removed it
            os.replace(path, renamed)
            shutil.rmtree(renamed)
    else:
        Path(path).unlink(missing_ok=True)


def remove_temporaries(folder: str) -> None:
    """Remove the temporary files that killed attempts left below ``folder``."""
    if not is_local(folder):
        shown = remote.scheme_of(folder) in _SHOWS_UPLOADS
        paths = remote.find_in(folder, "**") if shown else []
        remote.delete([path for path in paths if _TEMPORARY in posixpath.basename(path)])
        return
    for path in list(Path(folder).rglob(f".*{_TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary_name(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}{_TEMPORARY}{uuid.uuid4().hex}"
