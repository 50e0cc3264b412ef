"""Source, keys -> the samples of these keys, each with its bytes, in the order of the source."""

import json
import math
from collections.abc import Container, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.errors import EvenpairError
from ..schemas.sample import IMAGE_FIELDS, Sample, group_payloads
from ..schemas.source import Source
from ..schemas.tar import Member, TarError, read_members
from . import storage
from .blocks import Blocks

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
    except (OSError, pa.ArrowException) as error:
        said = getattr(error, "strerror", None) or str(error)
        said = said.removeprefix(source.path + ": ")
        raise EvenpairError(f"{source.path}: {said}") from error


def _read_archive(path: str, wanted: Container[str]) -> Iterator[StoredSample]:
    with storage.open_blocks(path) as archive:
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


def image_column(schema: pa.Schema) -> str | None:
    """Return the column of a table that holds image files, as img2dataset names it."""
    names = (name for name in IMAGE_FIELDS if name in schema.names)
    kinds = (pa.types.is_binary, pa.types.is_large_binary)
    return next((n for n in names if any(is_kind(schema.field(n).type) for is_kind in kinds)), None)


def row_keys(keys: pa.ChunkedArray | None, first: int, rows: int) -> list[str | None]:
    """Return the keys of a table's rows from ``first`` on; a table without keys has row numbers."""
    if keys is None:
        return [f"{row:09d}" for row in range(first, first + rows)]
    found: list[str | None] = keys.cast(pa.string()).to_pylist()
    return found


def _read_table(path: str, wanted: Container[str]) -> Iterator[StoredSample]:
    """Yield the rows of a table as samples; groups of rows without a wanted key are passed over."""
    seen: set[str] = set()
    with storage.open_table(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if any(key in wanted for key in _group_keys(file, group, first, rows)):
                for sample in _read_rows(file, group, first):
                    if sample.key in wanted and sample.key not in seen:
                        seen.add(sample.key)
                        yield sample
            first += rows


def _group_keys(file: pq.ParquetFile, group: int, first: int, rows: int) -> list[str | None]:
    if "key" not in file.schema_arrow.names:
        return row_keys(None, first, rows)
    return row_keys(file.read_row_group(group, columns=["key"])["key"], first, rows)


def _read_rows(file: pq.ParquetFile, group: int, first: int) -> Iterator[StoredSample]:
    image = image_column(file.schema_arrow)
    for batch in file.iter_batches(_ROWS, row_groups=[group], use_threads=False):
        table = pa.Table.from_batches([batch])
        keys = table["key"] if "key" in table.column_names else None
        named = row_keys(keys, first, table.num_rows)
        said = table.drop_columns([image] if image else []).to_pylist()
        images = table[image] if image else pa.nulls(table.num_rows, pa.binary())
        for key, fields, content in zip(named, said, images, strict=True):
            members: dict[str, Payload] = {"json": _as_json(fields)}
            if image is not None and content.is_valid:
                members[image] = memoryview(content.as_buffer())
            yield Sample(key or "", members)
        first += table.num_rows


def _as_json(fields: dict[str, Any]) -> bytes:
    """Return a row as img2dataset writes it beside an image; JSON has no NaN."""
    for name, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            fields[name] = None
    return json.dumps(fields, indent=4, default=str).encode()
