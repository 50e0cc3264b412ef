"""Object stores and HDFS, through Beam's file systems: what goes wrong there is one line.

Beam's options for them, such as ``--s3_endpoint_url``, reach the workers with the pipeline; the
launcher, which looks at paths before there is one, is told them by ``use_options``.
"""

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from typing import IO, Any

from ..schemas.errors import EvenpairError, UsageError
from .s3_clients import share_clients

_PIECE = 8 << 20
_ASK_SECONDS = 15
_NO_BUCKET = ("NoSuchBucket", "bucket does not exist")
_EXTRAS = {"s3": "aws", "gs": "gcp", "hdfs": "hdfs", "azfs": "azure"}
_LACKING = ("install", "dependenc", "is not defined")
"""What Beam's file systems say, each in its way, where a library is not there."""


def use_options(options: Sequence[str]) -> None:
    """Make Beam's file systems use pipeline options, from now on and in this process."""
    from apache_beam.options.pipeline_options import PipelineOptions

    _filesystems().set_options(PipelineOptions(list(options)))


def require_access(path: str) -> None:
    """Raise EvenpairError if the file system of ``path`` cannot be used, or asked.

    Beam would try for eight minutes before it said that there are no credentials.
    """
    with _told(path):
        filesystem = _filesystems().get_filesystem(path)
        if ask := _ASK_ONCE.get(scheme_of(path)):
            ask(path, filesystem)


def _ask_s3(path: str, filesystem: Any) -> None:  # noqa: ANN401 - Beam ships no types
    from apache_beam.io.aws.clients.s3 import messages
    from apache_beam.io.aws.s3io import S3IO, parse_s3_path

    bucket, prefix = parse_s3_path(path, object_optional=True)
    client = S3IO(options=filesystem._options).client
    try:
        client.list(messages.ListRequest(bucket=bucket, prefix=prefix))
    except messages.S3ClientError as error:
        if error.code != 404 or "NoSuchBucket" in str(error):
            raise


def _ask_gs(path: str, filesystem: Any) -> None:  # noqa: ANN401
    from apache_beam.io.gcp.gcsio import GcsIO, parse_gcs_path

    bucket, prefix = parse_gcs_path(path, object_optional=True)
    client = GcsIO(pipeline_options=filesystem._pipeline_options).client
    found = client.list_blobs(
        bucket, prefix=prefix, max_results=1, retry=None, timeout=_ASK_SECONDS
    )
    list(found)


_ASK_ONCE = {"s3": _ask_s3, "gs": _ask_gs}


def scheme_of(path: str) -> str:
    """Return what stands before ``://``."""
    return path.partition("://")[0]


def exists(path: str) -> bool:
    """Return whether there is a file, or on HDFS a folder, at ``path``."""
    with _told(path):
        return bool(_filesystems().exists(path))


def size_of(path: str) -> int:
    """Return the size of the file at ``path`` in bytes. Raises FileNotFoundError if it is gone."""
    with _told(path):
        found = _filesystems().match([path])[0].metadata_list
    if not found:
        raise FileNotFoundError(f"{path}: there is no such file")
    return int(found[0].size_in_bytes)


def find(pattern: str) -> list[str]:
    """Return the files that match a glob pattern, sorted."""
    with _told(pattern):
        return sorted(found.path for found in _filesystems().match([pattern])[0].metadata_list)


def delete(paths: Sequence[str]) -> None:
    """Delete files; one that is gone already is no error."""
    for path in paths:
        with _told(path):
            _filesystems().delete([path])


def rename(path: str, target: str) -> None:
    """Give the file at ``path`` another name, in place of what has it."""
    with _told(target):
        if _filesystems().exists(target):
            _filesystems().delete([target])
        _filesystems().rename([path], [target])


def open_for_reading(path: str) -> "RangedFile":
    """Open the file at ``path``, uncompressed whatever its name says."""
    from apache_beam.io.filesystem import CompressionTypes

    with _told(path):
        file = _filesystems().open(path, compression_type=CompressionTypes.UNCOMPRESSED)
        return RangedFile(path, file)


class RangedFile(io.RawIOBase):
    """A remote file that fetches what it is asked for, and nothing ahead."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self._exact = getattr(file, "raw", file)  # Beam's buffer around it fetches 16 MB ahead
        self._at = 0
        with _told(path):
            self.bytes = int(self._exact.seek(0, os.SEEK_END))

    def read_range(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from ``start`` on, or fewer at the end of the file."""
        pieces: list[bytes] = []
        with _told(self._path):
            self._exact.seek(start)
            while size > 0 and (piece := self._exact.read(size)):
                pieces.append(piece)
                size -= len(piece)
        return b"".join(pieces)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next ``size`` bytes, or all of them."""
        left = max(0, self.bytes - self._at)
        content = self.read_range(self._at, left if size is None or size < 0 else min(size, left))
        self._at += len(content)
        return content

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.bytes}[whence]
        self._at = max(0, base + offset)
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()


def upload(content: IO[bytes], path: str) -> None:
    """Make ``content``, as far as it goes on from where it stands, the file at ``path``.

    Object stores publish an upload when it is finished. Beam finishes one even when it is
    abandoned: then what it left is deleted.
    """
    from apache_beam.io.filesystem import CompressionTypes

    size = 0
    try:
        with (
            _told(path),
            _filesystems().create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file,
        ):
            while piece := content.read(_PIECE):
                file.write(piece)
                size += len(piece)
        if size_of(path) != size:
            raise OSError(f"{path}: of {size} bytes only {size_of(path)} arrived")
    except BaseException:
        with contextlib.suppress(OSError, EvenpairError):
            delete([path])
        raise


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn whatever a file system raises into OSError, or EvenpairError where it cannot be used."""
    try:
        yield
    except EvenpairError:
        raise
    except Exception as error:
        cause = _cause(error)
        if any(said in str(cause) for said in _NO_BUCKET):
            raise EvenpairError(f"{path}: there is no such bucket") from error
        if isinstance(cause, FileNotFoundError) or getattr(cause, "code", None) == 404:
            raise FileNotFoundError(f"{path}: there is no such file") from error
        advice = f"{path}: {_advice(path, _said(cause))}"
        if "pip install" in advice:
            raise UsageError(advice) from error
        if isinstance(cause, RuntimeError | ImportError | ValueError):
            raise EvenpairError(advice) from error
        raise OSError(advice) from error


def _cause(error: Exception) -> Exception:
    """Return what lies behind an error of Beam's, which holds one for each path."""
    details = getattr(error, "exception_details", None) or {}
    causes = [cause for cause in details.values() if isinstance(cause, Exception)]
    return _cause(causes[0]) if causes else error


def _said(error: Exception) -> str:
    """Return the message of an error in one line, without the path that some begin with."""
    said = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return " ".join(said.split())


def _advice(path: str, said: str) -> str:
    scheme = scheme_of(path)
    if "credentials" in said:
        return f"{said} (see --{scheme}_access_key_id, after --)" if scheme == "s3" else said
    if scheme in _EXTRAS and any(word in said for word in _LACKING):
        return f"needs what pip install 'evenpair[{_EXTRAS[scheme]}]' installs"
    if "Unable to get filesystem" in said:
        return f"no file system is known for {scheme}://"
    return said


def _filesystems() -> Any:  # noqa: ANN401 - Beam ships no types
    from apache_beam.io.filesystems import FileSystems

    with contextlib.suppress(ImportError):  # without boto3 there is nothing to share
        share_clients()
    if FileSystems._pipeline_options is None:  # those for remote paths cannot do without
        from apache_beam.options.pipeline_options import PipelineOptions

        FileSystems.set_options(PipelineOptions([]))
    return FileSystems
