"""Archives as tarfile writes and reads them, and as evenpair reads them."""

import io
import tarfile
from collections.abc import Iterable

from hypothesis import strategies as st

from evenpair.schemas.tar import Member, TarError, read_members

FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}
PATHS = st.lists(st.text("abXY01_. é日=\n", min_size=1, max_size=40), min_size=1, max_size=8).map(
    "/".join
)
FILES = st.lists(st.tuples(PATHS, st.binary(max_size=1100)), max_size=4)
LONG = "folder/" * 30 + "0001.jpg"


def write_archive(files: Iterable[tuple[str, bytes]], kind: str) -> bytes:
    """Return an archive of names and payloads as tarfile writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=FORMATS[kind]) as archive:
        for name, payload in files:
            member = tarfile.TarInfo(name)
            member.size = len(payload)
            archive.addfile(member, io.BytesIO(payload))
    return stream.getvalue()


def tarfile_members(archive: bytes) -> list[Member]:
    """Return the regular files that tarfile finds."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return [Member(m.name, m.offset_data, m.size) for m in opened if m.isreg()]


def read_until_fault(archive: bytes) -> tuple[list[Member], TarError | None]:
    """Return the members that can be read, and the error that stopped the reading."""
    members: list[Member] = []
    try:
        for member in read_members(archive):
            members.append(member)
    except TarError as error:
        return members, error
    return members, None


def with_checksum(header: bytes) -> bytes:
    """Return a changed header with the checksum that it should have."""
    blank = header[:148] + b" " * 8 + header[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]
