"""The 512 bytes in front of a tar's member: untrusted when read, the same whenever written."""

import re
import struct
from typing import NamedTuple
from zlib import adler32

BLOCK = 512
LARGEST = 1 << 33
"""A size of as many bytes, 8 GiB, has no room in octal digits."""

# What stands in every header: before the size, between size and checksum, and after the kind.
_OWNED = b"0000444\0" + 2 * b"0000000\0"
_EPOCH = b"\0" + b"00000000000\0"
_TAIL = struct.pack("100x6s2s32s32s183x", b"ustar", b"00", b"bigdata", b"bigdata")
_SPACES = 8 * ord(" ")
_REST_SUM = sum(_OWNED + _EPOCH + _TAIL) + _SPACES

# A header's name, size, checksum, kind, magic and prefix.
_FIELDS = struct.Struct("100s24x12s12x8sc100x6s82x155s12x")
_PAX_RECORD = re.compile(rb"(\d{1,18}) ([^=]+)=")
_PAX_SIZE = re.compile(r"[0-9]{1,18}")
_LONGEST_NAME = 100


class HeaderError(ValueError):
    """The bytes are no header, or one that contradicts itself."""


class Header(NamedTuple):
    """What a header says of its member; ``kind`` is tar's type flag."""

    name: str
    size: int
    kind: bytes


def parse_header(header: bytes) -> Header:
    """Read a header as tarfile does. Raises HeaderError if its checksum is wrong."""
    name, size_field, checksum, kind, magic, prefix = _FIELDS.unpack(header)
    if checksum[:6] != b"%06o" % _sum(header) and not _is_checksum(checksum, header):
        raise HeaderError("no tar header")
    size = _number(size_field)
    if size < 0:
        raise HeaderError("no tar header")
    path = name.partition(b"\0")[0]
    if prefix[0] and magic == b"ustar\0":
        path = prefix.partition(b"\0")[0] + b"/" + path
    return Header(path.decode("utf-8", "surrogateescape"), size, kind)


def _is_checksum(field: bytes, header: bytes) -> bool:
    checksum = _octal(field)
    return checksum in (_sum(header), _signed_sum(header))


def _octal(field: bytes) -> int:
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        raise HeaderError("no tar header") from None


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's base 256, for sizes of 8 GiB and more
        return int.from_bytes(field, "big", signed=False) - (0x80 << 88)
    return _octal(field)


def _sum(header: bytes) -> int:
    """Return the sum of a header's bytes, its checksum counted as spaces.

    The lower half of Adler-32 is one more than the sum of the bytes, modulo 65521, which 256 bytes
    cannot reach; ``sum`` takes eight times as long.
    """
    whole = (adler32(header[:256]) & 0xFFFF) + (adler32(header[256:]) & 0xFFFF)
    return whole - (adler32(header[148:156]) & 0xFFFF) - 1 + _SPACES


def _signed_sum(header: bytes) -> int:
    """Return the sum as old programs took it, which counted bytes above 127 as negative."""
    return _sum(header) - 256 * sum(byte > 127 for byte in header[:148] + header[156:])


def read_pax_records(body: bytes) -> dict[str, str]:
    """Return what PAX records say of ``path``, ``size`` and whether a member is ``sparse``.

    Raises HeaderError if they are damaged.
    """
    found, position = {}, 0
    while match := _PAX_RECORD.match(body, position):
        end = position + int(match[1])
        if not match.end() < end <= len(body):
            raise HeaderError("a damaged extended header")
        value = body[match.end() : end - 1].split(b"\0", 1)[0]
        if match[2] in (b"path", b"size"):
            found[match[2].decode()] = value.decode("utf-8", "surrogateescape")
        elif match[2].startswith(b"GNU.sparse."):
            found["sparse"] = "yes"
        position = end
    if not _PAX_SIZE.fullmatch(found.get("size", "0")):
        raise HeaderError("a damaged extended header")
    return found


def make_header(name: str, size: int) -> bytes:
    """Return the header of a file that anyone may read, owned by no one, at the epoch.

    It is USTAR's, with a PAX header in front for a name of more than 100 bytes or a size of 8 GiB
    and more.
    """
    path = name.encode("utf-8", "surrogateescape")
    if len(path) <= _LONGEST_NAME and size < LARGEST:
        return _ustar_header(path, size, b"0")
    records = b"" if len(path) <= _LONGEST_NAME else _pax_record(b"path", path)
    records += b"" if size < LARGEST else _pax_record(b"size", b"%d" % size)
    extended = _ustar_header(b"././@PaxHeader", len(records), b"x")
    padded = records + bytes(padding(len(records)))
    return extended + padded + _ustar_header(path, size % LARGEST, b"0")


def _ustar_header(path: bytes, size: int, kind: bytes) -> bytes:
    digits = b"%011o" % size
    checksum = _REST_SUM + sum(path[:100]) + sum(digits) + kind[0]
    name = path[:100].ljust(100, b"\0")
    return b"%b%b%b%b%06o\0 %b%b" % (name, _OWNED, digits, _EPOCH, checksum, kind, _TAIL)


def _pax_record(keyword: bytes, value: bytes) -> bytes:
    """Return a record that begins with its own length, the digits of the length included."""
    rest = b" %b=%b\n" % (keyword, value)
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return b"%d" % length + rest


def padding(size: int) -> int:
    """Return how many zero bytes follow a payload of ``size`` bytes."""
    return -size % BLOCK
