"""Source and keys -> the samples of these keys with their bytes, in the order of the source."""

import json
import math
from collections.abc import Container, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import EvenpairError, first_line
from ...schemas.sample import IMAGE_FIELDS, Sample, group_payloads
from ...schemas.source import Source
from ...schemas.tar import Member, TarError, read_members
from ...storage import files
from ...storage.blocks import Blocks

MOST_BYTES = 128 << 20
"""The largest payload that is held in memory; larger images and texts are rejected."""

_BLOCK = 1 << 20
_ROWS = 64


@dataclass(frozen=True, slots=True)
class Stretch:
    """A payload too large for memory: its offset and size in bytes in an archive."""

    archive: Blocks
    offset: int
    size: int

    def __len__(self) -> int:
        return self.size

    def blocks(self) -> Iterator[memoryview]:
        """Yield the payload in blocks of 1 MiB."""
        end = self.offset + self.size
        for start in range(self.offset, end, _BLOCK):
            yield self.archive.view(start, min(start + _BLOCK, end))


class DamagedSourceError(EvenpairError):
    """An archive that ends in damage; the message is one line with its path."""

    def __init__(self, path: str, damage: TarError) -> None:
        super().__init__(f"{path}: {damage}")
        self.damage = str(damage)


Payload = bytes | memoryview | Stretch
StoredSample = Sample[Payload]


def read_stored(source: Source, keys: Container[str]) -> Generator[StoredSample]:
    """Yield the first sample of each of ``keys``, which may shrink meanwhile.

    Raises EvenpairError if the source cannot be read, and DamagedSourceError, after the samples
    before the damage, for a damaged archive. A sample that the damage cut short is not yielded.
    """
    read = _read_table if source.is_table else _read_archive
    try:
        yield from read(source.path, keys)
    except OSError as error:
        raise EvenpairError(files.fault(source.path, error)) from error
    except pa.ArrowException as error:
        raise EvenpairError(f"{source.path}: {first_line(error)}") from error


def _read_archive(path: str, keys: Container[str]) -> Iterator[StoredSample]:
    earlier: set[str] = set()
    damage: list[TarError] = []
    with files.open_blocks(path) as archive:

        def read(key: str, _field: str, member: Member) -> Payload:
            if key in earlier or key not in keys:
                return b""
            if member.size > MOST_BYTES:
                return Stretch(archive, member.offset, member.size)
            return archive.view(member.offset, member.offset + member.size)

        samples = group_payloads(_until_damage(archive, damage), read)
        yield from _first_of(keys, _whole(samples, damage), earlier)
    if damage:
        raise DamagedSourceError(path, damage[0]) from damage[0]


def _first_of(
    keys: Container[str], samples: Iterable[StoredSample], earlier: set[str]
) -> Iterator[StoredSample]:
    """Yield the first sample of each of ``keys``, and add its key to those ``earlier``."""
    for sample in samples:
        if sample.key in keys and sample.key not in earlier:
            earlier.add(sample.key)
            yield sample


def _until_damage(archive: Blocks, damage: list[TarError]) -> Iterator[Member]:
    try:
        yield from read_members(archive)
    except TarError as error:
        damage.append(error)


def _whole(samples: Iterable[StoredSample], damage: list[TarError]) -> Iterator[StoredSample]:
    """Yield the samples of an archive without a last one that lacks members of the first."""
    fields: frozenset[str] | None = None
    for sample in samples:
        fields = frozenset(sample.members) if fields is None else fields
        if not damage or fields <= sample.members.keys():  # damage is known at the last sample
            yield sample


def image_columns(schema: pa.Schema) -> list[str]:
    """Return the columns of a table that hold image files, by img2dataset's names for them."""
    kinds = (pa.types.is_binary, pa.types.is_large_binary)
    names = (name for name in IMAGE_FIELDS if name in schema.names)
    return [name for name in names if any(is_kind(schema.field(name).type) for is_kind in kinds)]


def row_keys(table: pa.Table, first: int) -> list[str | None]:
    """Return the keys of rows, without a column of keys their numbers, from ``first`` on."""
    if "key" not in table.column_names:
        return [f"{row:09d}" for row in range(first, first + table.num_rows)]
    keys: list[str | None] = table["key"].cast(pa.string()).to_pylist()
    return keys


def _read_table(path: str, keys: Container[str]) -> Iterator[StoredSample]:
    """Yield the rows of a table as samples; only row groups that hold one of ``keys`` are read."""
    earlier: set[str] = set()
    with files.open_table(path) as file:
        first = 0
        names = ["key"] if "key" in file.schema_arrow.names else []
        for group in range(file.num_row_groups):
            keys_of_group = row_keys(file.read_row_group(group, columns=names), first)
            if any(key in keys for key in keys_of_group):
                yield from _first_of(keys, _read_rows(file, group, first), earlier)
            first += len(keys_of_group)


def _read_rows(file: pq.ParquetFile, group: int, first: int) -> Iterator[StoredSample]:
    images = image_columns(file.schema_arrow)
    for batch in file.iter_batches(_ROWS, row_groups=[group], use_threads=False):
        table = pa.Table.from_batches([batch])
        keys = row_keys(table, first)
        rows = table.drop_columns(images).to_pylist()
        for at, (key, fields) in enumerate(zip(keys, rows, strict=True)):
            contents = {name: table[name][at] for name in images}
            members: dict[str, Payload] = {
                name: memoryview(content.as_buffer())
                for name, content in contents.items()
                if content.is_valid
            }
            yield Sample(key or "", members | {"json": _as_json(fields)})
        first += table.num_rows


def _as_json(fields: dict[str, Any]) -> bytes:
    """Return a row as the JSON that img2dataset writes beside an image; NaN becomes null."""
    for name, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            fields[name] = None
    return json.dumps(fields, indent=4, default=str).encode()
