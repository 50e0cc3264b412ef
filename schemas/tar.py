"""Tar archives as blocks: where each member's payload lies, and headers that repeat to the byte."""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple, Protocol

BLOCK = 512
END_OF_ARCHIVE = bytes(2 * BLOCK)
RECORD = 20 * BLOCK  # what tar programs pad an archive to

_USTAR = "100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x"
_REGULAR = (b"0", b"\0", b"7")
_BARE = (b"1", b"2", b"3", b"4", b"5", b"6")  # links, devices, folders: a header and nothing else
_PAX_RECORD = re.compile(rb"(\d{1,18}) ([^=]+)=")
_PAX_SIZE = re.compile(r"[0-9]{1,18}")
_MAX_EXTENDED_HEADER = 1 << 20
_LONGEST_NAME = 100


class Readable(Protocol):
    """Bytes that can be sliced, such as a memory map or ``bytes``."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: slice, /) -> bytes: ...


class Member(NamedTuple):
    """A regular file in an archive: its name and where its payload lies, in bytes."""

    name: str
    offset: int
    size: int


class TarError(ValueError):
    """The archive cannot be read any further; the message says why and where.

    ``member`` is the name of the member that is cut, where that much is known.
    """

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


def is_whole(size: int, tail: bytes) -> bool:
    """Return whether an archive of ``size`` bytes that ends in ``tail`` was written to its end.

    A whole archive has a size that 512 divides and ends with two zero blocks.
    """
    return size % BLOCK == 0 and len(tail) >= 2 * BLOCK and not any(tail[-2 * BLOCK :])


def read_members(archive: Readable) -> Iterator[Member]:
    """Yield every regular file of ``archive``; links, folders, devices and sparse files are passed.

    Raises TarError, after the members before it, where the archive is cut short or damaged.
    """
    offset = 0
    extended: dict[str, str] = {}
    while True:
        header = archive[offset : offset + BLOCK]
        if len(header) < BLOCK:
            raise TarError(f"cut short at byte {offset}, without the two zero blocks of an end")
        if not any(header):
            return
        name, size, kind = _parse_header(header, offset)
        size = 0 if kind in _BARE else int(extended.get("size", size))
        payload, offset = offset + BLOCK, offset + BLOCK + _padded(size)
        if payload + size > len(archive):
            name = extended.get("path", name)
            raise TarError(f"cut short inside {name!r}, at byte {payload}", name)
        if kind in (b"x", b"L"):
            extended |= _extended_header(archive, payload, size, kind)
        elif kind != b"g":
            name = extended.get("path", name)
            if kind in _REGULAR and not name.endswith("/") and not extended.get("sparse"):
                yield Member(name, payload, size)
            extended = {}


def make_header(name: str, size: int) -> bytes:
    """Return the header of a file that anyone may read, owned by no one, at the epoch.

    It is USTAR's, with a PAX header in front for a name of more than 100 bytes. Raises ValueError
    for a size of 8 GiB and more.
    """
    path = name.encode("utf-8", "surrogateescape")
    if len(path) <= _LONGEST_NAME:
        return _ustar_header(path, size, b"0")
    record = _pax_record(b"path", path)
    extended = _ustar_header(b"././@PaxHeader", len(record), b"x")
    return extended + record + bytes(padding(len(record))) + _ustar_header(path, size, b"0")


def _ustar_header(path: bytes, size: int, kind: bytes) -> bytes:
    if size >= 1 << 33:
        raise ValueError(f"{path!r} of {size} bytes does not fit a tar header")
    owner = b"bigdata"
    header = bytearray(
        struct.pack(
            _USTAR, path, b"444".zfill(7), b"0" * 7, b"0" * 7, b"%011o" % size, b"0" * 11,
            b" " * 8, kind, b"", b"ustar", b"00", owner, owner, b"", b"", b"",
        )
    )  # fmt: skip
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _pax_record(keyword: bytes, value: bytes) -> bytes:
    """Return a record that begins with its own length, the digits of the length included."""
    rest = b" %b=%b\n" % (keyword, value)
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return b"%d" % length + rest


def padding(size: int) -> int:
    """Return how many zero bytes follow a payload of ``size`` bytes."""
    return -size % BLOCK


def _padded(size: int) -> int:
    return size + padding(size)


def _parse_header(header: bytes, offset: int) -> tuple[str, int, bytes]:
    try:
        checksum = int(header[148:156].strip(b" \0") or b"0", 8)
        size = _number(header[124:136])
    except ValueError:
        raise TarError(f"no tar header at byte {offset}") from None
    if checksum != sum(header) - sum(header[148:156]) + 8 * ord(" ") or size < 0:
        raise TarError(f"no tar header at byte {offset}")
    name = header[0:100].split(b"\0", 1)[0]
    if header[257:263] == b"ustar\0" and header[345:346] != b"\0":
        name = header[345:500].split(b"\0", 1)[0] + b"/" + name
    return name.decode("utf-8", "surrogateescape"), size, header[156:157]


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's base 256, for sizes of 8 GiB and more
        return int.from_bytes(field, "big", signed=False) - (0x80 << 88)
    return int(field.strip(b" \0") or b"0", 8)


def _extended_header(archive: Readable, payload: int, size: int, kind: bytes) -> dict[str, str]:
    """Read what a PAX or GNU long-name header says of the member after it."""
    if size > _MAX_EXTENDED_HEADER:
        raise TarError(f"an extended header of {size} bytes at byte {payload}")
    body = bytes(archive[payload : payload + size])
    if kind == b"L":
        return {"path": body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")}
    return _pax_records(body, payload)


def _pax_records(body: bytes, payload: int) -> dict[str, str]:
    found, position = {}, 0
    while match := _PAX_RECORD.match(body, position):
        end = position + int(match[1])
        if not match.end() < end <= len(body):
            raise TarError(f"a damaged extended header at byte {payload}")
        value = body[match.end() : end - 1].split(b"\0", 1)[0]
        if match[2] in (b"path", b"size"):
            found[match[2].decode()] = value.decode("utf-8", "surrogateescape")
        elif match[2].startswith(b"GNU.sparse."):
            found["sparse"] = "yes"
        position = end
    if not _PAX_SIZE.fullmatch(found.get("size", "0")):
        raise TarError(f"a damaged extended header at byte {payload}")
    return found
