"""Finds the members of a tar archive and the position of each one's payload."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from .tar_header import BLOCK, HeaderError, padding, parse_header, read_pax_records

END_OF_ARCHIVE = bytes(2 * BLOCK)
RECORD = 20 * BLOCK  # tar programs pad an archive to a multiple of it

_REGULAR = (b"0", b"\0", b"7")
_BARE = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, folders: a header alone
_LONG_NAME, _LONG_LINK, _SPARSE, _COMMON = b"L", b"K", b"S", b"g"
_EXTENDED = (b"x", b"X", _LONG_NAME, _COMMON)
_MAX_EXTENDED_HEADER = 1 << 20
_ZERO_BLOCK = bytes(BLOCK)
_COMPRESSED = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}


class Readable(Protocol):
    """Bytes that can be sliced, such as ``bytes`` or a file that is read in blocks."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: slice, /) -> bytes: ...


class Member(NamedTuple):
    """A regular file in an archive: its name, and its payload's offset and size in bytes."""

    name: str
    offset: int
    size: int


class TarError(ValueError):
    """The archive cannot be read any further; the message says why and at which byte.

    ``member`` is the name of the member that is cut short, if one is.
    """

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


class CompressedError(TarError):
    """The archive is compressed: it must be unpacked before it can be read."""


def is_whole(size: int, tail: bytes) -> bool:
    """Return whether an archive of ``size`` bytes that ends in ``tail`` is complete.

    A complete one has a multiple of 512 bytes and ends with two zero blocks, 1024 bytes.
    """
    return size % BLOCK == 0 and len(tail) >= 2 * BLOCK and not any(tail[-2 * BLOCK :])


def read_members(archive: Readable) -> Iterator[Member]:
    """Yield the regular files of ``archive``; links, folders, devices and sparse files are skipped.

    Raises TarError, after the members before it, if the archive is cut short or damaged, or if
    data follow its end, which no program would read.
    """
    _refuse_compressed(archive)
    offset, length = 0, len(archive)
    common: dict[str, str] = {}
    extended: dict[str, str] = {}
    while header := _next_header(archive, offset):
        try:
            name, size, kind = parse_header(header)
        except HeaderError as error:
            raise TarError(f"{error} at byte {offset}") from None
        size = 0 if kind in _BARE else int(extended.get("size", size))
        payload = offset + BLOCK + (_sparse_maps(archive, offset) if kind == _SPARSE else 0)
        offset = payload + size + padding(size)
        name = extended.get("path", name)
        if payload + size > length:
            raise TarError(f"cut short inside {name!r}, at byte {payload}", name)
        if kind in _EXTENDED:
            extended |= _extended_header(archive, payload, size, kind)
            common = (
                {"path": extended["path"]} if kind == _COMMON and "path" in extended else common
            )
        elif kind != _LONG_LINK:
            if kind in _REGULAR and not name.endswith("/") and not extended.get("sparse"):
                yield Member(name, payload, size)
            extended = dict(common)


def _refuse_compressed(archive: Readable) -> None:
    start = archive[0:BLOCK]
    for magic, program in _COMPRESSED.items():
        if start.startswith(magic):
            raise CompressedError(f"compressed with {program}: unpack it first")


def _next_header(archive: Readable, offset: int) -> bytes | None:
    """Return the header at ``offset``, None at the archive's end. Raises TarError if it is cut."""
    header = archive[offset : offset + BLOCK]
    if len(header) < BLOCK:
        raise TarError(f"cut short at byte {offset}, without the two zero blocks of an end")
    if header != _ZERO_BLOCK:
        return header
    for start in range(offset, len(archive), RECORD):
        if any(archive[start : start + RECORD]):
            raise TarError(f"data follow the end of the archive, which is at byte {offset}")
    return None


def _sparse_maps(archive: Readable, offset: int) -> int:
    """Return the size of the maps between an old sparse header and its payload, in bytes."""
    size, more = 0, archive[offset + 482 : offset + 483]
    while more not in (b"", b"\0"):
        size += BLOCK
        more = archive[offset + size + 504 : offset + size + 505]
    return size


def _extended_header(archive: Readable, payload: int, size: int, kind: bytes) -> dict[str, str]:
    """Return the fields that a PAX or GNU long-name header gives the member after it."""
    if size > _MAX_EXTENDED_HEADER:
        raise TarError(f"an extended header of {size} bytes at byte {payload}")
    body = archive[payload : payload + size]
    if kind == _LONG_NAME:
        return {"path": body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")}
    try:
        return read_pax_records(body)
    except HeaderError as error:
        raise TarError(f"{error} at byte {payload}") from None
