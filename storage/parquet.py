"""Parquet files on any file system that Beam supports; what is damaged is named."""

import contextlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.errors import EvenpairError, first_line
from .files import is_local, open_for_reading, write_bytes

_BUFFER = 1 << 20


class DamagedTableError(EvenpairError, pa.ArrowInvalid):
    """A file that is no whole Parquet file; the message names it."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(f"{path} is not a whole Parquet file: {first_line(error)}")


def read_table(path: str, columns: list[str] | None = None) -> pa.Table:
    """Return the Parquet table at ``path``, or some of its columns.

    Raises DamagedTableError, which is also an ArrowInvalid, if the file is damaged.
    """
    with open_table(path) as file, _damage_named(path):
        return file.read(columns)


def read_schema(path: str) -> pa.Schema:
    """Return the schema, metadata included, of the Parquet table at ``path``.

    Raises DamagedTableError, which is also an ArrowInvalid, if the file is damaged.
    """
    with open_table(path) as file:
        return file.schema_arrow


@contextlib.contextmanager
def open_table(path: str) -> Iterator[pq.ParquetFile]:
    """Yield the Parquet file at ``path``, to read some of its columns or groups of rows.

    Raises DamagedTableError, which is also an ArrowInvalid, if it has no whole footer.
    """
    options = {"buffer_size": _BUFFER} if is_local(path) else {"pre_buffer": True}
    with open_for_reading(path) as file:
        with _damage_named(path):
            table = pq.ParquetFile(file, **options)
        yield table


@contextlib.contextmanager
def _damage_named(path: str) -> Iterator[None]:
    """Raise DamagedTableError for what Arrow raises about a damaged file."""
    try:
        yield
    except MemoryError:  # of Arrow, too
        raise
    except pa.ArrowException as error:
        raise DamagedTableError(path, error) from error
    except OSError as error:
        if error.errno is not None:  # of the operating system, not of Parquet
            raise
        raise DamagedTableError(path, error) from error


def write_table(path: str, table: pa.Table) -> None:
    """Write ``table`` as Parquet to ``path``, whole or not at all."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_bytes(path, sink.getvalue())
