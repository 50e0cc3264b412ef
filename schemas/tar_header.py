"""Reads the untrusted headers of tar members, and writes reproducible ones."""

import re
import struct
from typing import NamedTuple
from zlib import adler32

BLOCK = 512
LARGEST = 1 << 33
"""Sizes from 8 GiB on do not fit the header's octal digits."""

# Constant parts of each header: before the size, between size and checksum, after the kind.
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
    """The bytes are not a header, or not a consistent one."""


class Header(NamedTuple):
    """The name and size in bytes of a member, and its ``kind``, tar's type flag."""

    name: str
    size: int
    kind: bytes


def parse_header(header: bytes) -> Header:
    """Read a header as tarfile does. Raises HeaderError for a wrong checksum or size."""
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
    """Return the sum of a header's bytes, with spaces in place of its checksum.

    The lower half of Adler-32 is one more than the sum of the bytes, modulo 65521, which 256 bytes
    cannot reach; ``sum`` takes eight times as long.
    """
    whole = (adler32(header[:256]) & 0xFFFF) + (adler32(header[256:]) & 0xFFFF)
    return whole - (adler32(header[148:156]) & 0xFFFF) - 1 + _SPACES


def _signed_sum(header: bytes) -> int:
    """Return the sum that old programs wrote, with bytes above 127 as negative numbers."""
    return _sum(header) - 256 * sum(byte > 127 for byte in header[:148] + header[156:])


def read_pax_records(body: bytes) -> dict[str, str]:
    """Return the fields ``path``, ``size`` and ``sparse`` ("yes") of PAX records.

    Raises HeaderError if they are damaged.
    """
    fields, position = {}, 0
    while match := _PAX_RECORD.match(body, position):
        end = position + int(match[1])
        if not match.end() < end <= len(body):
            raise HeaderError("a damaged extended header")
        value = body[match.end() : end - 1].split(b"\0", 1)[0]
        if match[2] in (b"path", b"size"):
            fields[match[2].decode()] = value.decode("utf-8", "surrogateescape")
        elif match[2].startswith(b"GNU.sparse."):
            fields["sparse"] = "yes"
        position = end
    if not _PAX_SIZE.fullmatch(fields.get("size", "0")):
        raise HeaderError("a damaged extended header")
    return fields


def make_header(name: str, size: int) -> bytes:
    """Return the header of a file with mode 0444, a constant owner and the time 0.

    The format is USTAR, with a PAX header in front for names longer than 100 bytes and sizes from
    8 GiB on.
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
    """Return a PAX record: its own length, the length's digits included, keyword and value."""
    rest = b" %b=%b\n" % (keyword, value)
    length = len(rest) + len(str(len(rest)))
    length = len(rest) + len(str(length))
    return b"%d" % length + rest


def padding(size: int) -> int:
    """Return the number of zero bytes after a payload of ``size`` bytes."""
    return -size % BLOCK
