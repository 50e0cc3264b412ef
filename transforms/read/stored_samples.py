"""Source and keys -> the samples of these keys with their bytes, in the order of the source."""

from collections.abc import Container, Generator, Iterable, Iterator

import pyarrow as pa

from ...schemas.errors import EvenpairError, first_line
from ...schemas.sample import group_payloads
from ...schemas.source import Source
from ...schemas.tar import Member, TarError, read_members
from ...storage import files
from ...storage.blocks import Blocks
from . import payload
from .payload import Payload, StoredSample, Stretch
from .stored_images import read_images_below
from .stored_rows import read_rows


class DamagedSourceError(EvenpairError):
    """An archive that ends in damage; the message is one line with its path."""

    def __init__(self, path: str, damage: TarError) -> None:
        super().__init__(f"{path}: {damage}")
        self.damage = str(damage)


def read_stored(source: Source, keys: Container[str]) -> Generator[StoredSample]:
    """Yield the first sample of each of ``keys``, which may shrink meanwhile.

    Raises EvenpairError if the source cannot be read, and DamagedSourceError, after the samples
    before the damage, for a damaged archive. A sample that the damage cut short is not yielded.
    """
    try:
        if source.is_folder:
            yield from _first_of(keys, read_images_below(source, keys), set())
        elif source.is_table:
            yield from _first_of(keys, read_rows(source, keys), set())
        else:
            yield from _read_archive(source.path, keys)
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
            if member.size > payload.MOST_BYTES:
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
