"""Source, keys -> the samples of these keys, each with its bytes, in the order of the source."""

import json
import math
from collections.abc import Container, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import EvenpairError
from ...schemas.sample import IMAGE_FIELDS, Sample, group_payloads
from ...schemas.source import Source
from ...schemas.tar import Member, TarError, read_members
from ...storage import files
from ...storage.blocks import Blocks

MOST_BYTES = 128 << 20
"""The largest payload that is held in memory: a larger image or text is none."""

_PIECE = 1 << 20
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Stretch:
    """A payload too large to be held, where it lies."""

    archive: Blocks
    offset: int
    size: int

    def __len__(self) -> int:
        return self.size

    def pieces(self) -> Iterator[memoryview]:
        """Yield the payload piece by piece."""
        end = self.offset + self.size
        for start in range(self.offset, end, _PIECE):
            yield self.archive.view(start, min(start + _PIECE, end))


Payload = bytes | memoryview | Stretch
StoredSample = Sample[Payload]


def read_stored(source: Source, wanted: Container[str]) -> Generator[StoredSample]:
    """Yield the first sample of each key that ``wanted`` holds when it passes by.

    Of a damaged archive these are the samples before the damage. Raises EvenpairError for a source
    that cannot be read any more.
    """
    read = _read_table if source.is_table else _read_archive
    try:
        yield from read(source.path, wanted)
    except OSError as error:
        raise EvenpairError(files.fault(source.path, error)) from error
    except pa.ArrowException as error:
        raise EvenpairError(f"{source.path}: {str(error).splitlines()[0]}") from error


def _read_archive(path: str, wanted: Container[str]) -> Iterator[StoredSample]:
    with files.open_blocks(path) as archive:
        yield from samples_of(archive, wanted)


def samples_of(archive: Blocks, wanted: Container[str]) -> Iterator[StoredSample]:
    """Yield the wanted samples of an archive, each read once, as it passes by."""
    seen: set[str] = set()

    def take(key: str, _field: str, member: Member) -> Payload:
        if key in seen or key not in wanted:
            return b""
        if member.size > MOST_BYTES:
            return Stretch(archive, member.offset, member.size)
        return archive.view(member.offset, member.offset + member.size)

    for sample in group_payloads(_until_damage(archive), take):
        if sample.key in wanted and sample.key not in seen:
            seen.add(sample.key)
            yield sample


def _until_damage(archive: Blocks) -> Iterator[Member]:
    with suppress(TarError):
        yield from read_members(archive)


def image_columns(schema: pa.Schema) -> list[str]:
    """Return the columns of a table that hold image files, named as img2dataset names them."""
    kinds = (pa.types.is_binary, pa.types.is_large_binary)
    names = (name for name in IMAGE_FIELDS if name in schema.names)
    return [name for name in names if any(is_kind(schema.field(name).type) for is_kind in kinds)]


def row_keys(table: pa.Table, first: int) -> list[str | None]:
    """Return the keys of rows of which the first has a number; that is the key where none is."""
    if "key" not in table.column_names:
        return [f"{row:09d}" for row in range(first, first + table.num_rows)]
    keys: list[str | None] = table["key"].cast(pa.string()).to_pylist()
    return keys


def _read_table(path: str, wanted: Container[str]) -> Iterator[StoredSample]:
    """Yield the rows of a table as samples; groups of rows without a wanted key are passed over."""
    seen: set[str] = set()
    with files.open_table(path) as file:
        first = 0
        names = ["key"] if "key" in file.schema_arrow.names else []
        for group in range(file.num_row_groups):
            keys = row_keys(file.read_row_group(group, columns=names), first)
            if any(key in wanted for key in keys):
                for sample in _read_rows(file, group, first):
                    if sample.key in wanted and sample.key not in seen:
                        seen.add(sample.key)
                        yield sample
            first += len(keys)


def _read_rows(file: pq.ParquetFile, group: int, first: int) -> Iterator[StoredSample]:
    images = image_columns(file.schema_arrow)
    for batch in file.iter_batches(_ROWS, row_groups=[group], use_threads=False):
        table = pa.Table.from_batches([batch])
        keys = row_keys(table, first)
        said = table.drop_columns(images).to_pylist()
        for at, (key, fields) in enumerate(zip(keys, said, strict=True)):
            contents = {name: table[name][at] for name in images}
            members: dict[str, Payload] = {
                name: memoryview(content.as_buffer())
                for name, content in contents.items()
                if content.is_valid
            }
            yield Sample(key or "", members | {"json": _as_json(fields)})
        first += table.num_rows


def _as_json(fields: dict[str, Any]) -> bytes:
    """Return a row as img2dataset writes it beside an image; JSON has no NaN."""
    for name, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            fields[name] = None
    return json.dumps(fields, indent=4, default=str).encode()
