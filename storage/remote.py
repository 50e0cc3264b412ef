"""Object stores and HDFS, through Beam's file systems.

Beam's options for them, such as ``--s3_endpoint_url``, reach the workers with the pipeline. The
launcher looks at paths before there is a pipeline, so it passes them to ``use_options``.

Every function raises OSError, or EvenpairError where a file system cannot be used, with a message
of one line that begins with the path.
"""

import contextlib
import io
import os
import re
from collections.abc import Sequence
from typing import IO, Any

from ..schemas.errors import EvenpairError
from .remote_errors import translated_errors
from .s3_clients import share_clients

_WILDCARDS = re.compile(r"[\[\]*?]")
_PIECE = 8 << 20
_PROBE_SECONDS = 15


def use_options(options: Sequence[str]) -> None:
    """Make Beam's file systems in this process use pipeline options from now on."""
    from apache_beam.options.pipeline_options import PipelineOptions

    _filesystems().set_options(PipelineOptions(list(options)))


def require_access(path: str) -> None:
    """Raise EvenpairError if the file system of ``path`` cannot be used.

    S3 and Google's store get one request here. Without credentials, Beam itself would retry for
    eight minutes before it failed.
    """
    with translated_errors(path):
        filesystem = _filesystems().get_filesystem(path)
        if probe := _PROBES.get(scheme_of(path)):
            probe(path, filesystem)


def _probe_s3(path: str, filesystem: Any) -> None:  # noqa: ANN401 - Beam ships no types
    from apache_beam.io.aws.clients.s3 import messages
    from apache_beam.io.aws.s3io import S3IO, parse_s3_path

    bucket, prefix = parse_s3_path(path, object_optional=True)
    client = S3IO(options=filesystem._options).client
    try:
        client.list(messages.ListRequest(bucket=bucket, prefix=prefix))
    except messages.S3ClientError as error:
        if error.code != 404 or "NoSuchBucket" in str(error):
            raise


def _probe_gs(path: str, filesystem: Any) -> None:  # noqa: ANN401
    from apache_beam.io.gcp.gcsio import GcsIO, parse_gcs_path

    bucket, prefix = parse_gcs_path(path, object_optional=True)
    client = GcsIO(pipeline_options=filesystem._pipeline_options).client
    blobs = client.list_blobs(
        bucket, prefix=prefix, max_results=1, retry=None, timeout=_PROBE_SECONDS
    )
    list(blobs)


_PROBES = {"s3": _probe_s3, "gs": _probe_gs}


def scheme_of(path: str) -> str:
    """Return the part of ``path`` before ``://``."""
    return path.partition("://")[0]


def exists(path: str) -> bool:
    """Return whether there is a file, or on HDFS a folder, at ``path``."""
    with translated_errors(path):
        return bool(_filesystems().exists(path))


def size_of(path: str) -> int:
    """Return the size of the file at ``path`` in bytes. Raises FileNotFoundError if it is gone."""
    matches = _match(path, "")
    if not matches:
        raise FileNotFoundError(f"{path}: there is no such file")
    return int(matches[0].size_in_bytes)


def find(pattern: str) -> list[str]:
    """Return the files that match a glob pattern, sorted."""
    return sorted(match.path for match in _match("", pattern))


def find_in(folder: str, pattern: str) -> list[str]:
    """Return the files in ``folder`` that match a glob pattern, sorted."""
    return sorted(match.path for match in _match(f"{folder}/", pattern))


def _match(prefix: str, pattern: str) -> list[Any]:
    """Return Beam's description of each file that has a prefix, and matches a pattern behind it.

    Beam cannot quote the characters of a pattern, so those of the prefix match any character first.
    """
    glob = _WILDCARDS.sub("?", prefix) + pattern
    with translated_errors(prefix + pattern):
        matches = _filesystems().match([glob])[0].metadata_list
        return [match for match in matches if match.path.startswith(prefix)]


def delete(paths: Sequence[str]) -> None:
    """Delete files; object stores ignore those that are gone already."""
    for path in paths:
        with translated_errors(path):
            _filesystems().delete([path])


def rename(path: str, target: str) -> None:
    """Rename the file at ``path`` to ``target``, in place of any file there."""
    with translated_errors(target):
        if _filesystems().exists(target):
            _filesystems().delete([target])
        _filesystems().rename([path], [target])


def open_for_reading(path: str) -> "RangedFile":
    """Open the file at ``path``; it is never decompressed, whatever its name."""
    from apache_beam.io.filesystem import CompressionTypes

    with translated_errors(path):
        file = _filesystems().open(path, compression_type=CompressionTypes.UNCOMPRESSED)
        return RangedFile(path, file)


class RangedFile(io.RawIOBase):
    """A remote file that fetches the bytes that are read, and none ahead."""

    def __init__(self, path: str, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self._exact = getattr(file, "raw", file)  # Beam's buffer around it fetches 16 MB ahead
        self._at = 0
        with translated_errors(path):
            self.bytes = int(self._exact.seek(0, os.SEEK_END))

    def read_range(self, start: int, size: int) -> bytes:
        """Return ``size`` bytes from offset ``start``, or fewer at the end of the file."""
        pieces: list[bytes] = []
        with translated_errors(self._path):
            self._exact.seek(start)
            while size > 0 and (piece := self._exact.read(size)):
                pieces.append(piece)
                size -= len(piece)
        return b"".join(pieces)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next ``size`` bytes, or all that are left."""
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
    """Write ``content``, from its current position on, to ``path``.

    Object stores publish an upload when it is complete. Beam completes an upload even after an
    error, so the file is deleted then.
    """
    from apache_beam.io.filesystem import CompressionTypes

    size = 0
    try:
        with (
            translated_errors(path),
            _filesystems().create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file,
        ):
            while piece := content.read(_PIECE):
                file.write(piece)
                size += len(piece)
        if size_of(path) != size:
            raise OSError(f"{path}: only {size_of(path)} of {size} bytes arrived")
    except BaseException:
        with contextlib.suppress(OSError, EvenpairError):
            delete([path])
        raise


def _filesystems() -> Any:  # noqa: ANN401 - Beam ships no types
    from apache_beam.io.filesystems import FileSystems

    with contextlib.suppress(ImportError):  # without boto3 there is nothing to share
        share_clients()
    if FileSystems._pipeline_options is None:  # file systems for remote paths require options
        from apache_beam.options.pipeline_options import PipelineOptions

        FileSystems.set_options(PipelineOptions([]))
    return FileSystems
