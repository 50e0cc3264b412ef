"""Reading tar archives: the members that Python's tarfile finds."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.tar import END_OF_ARCHIVE, Member, is_whole, read_members
from evenpair.schemas.tar_header import BLOCK, make_header, padding

from ..support.archives import (
    FILES,
    FORMATS,
    read_until_fault,
    tarfile_members,
    with_checksum,
    write_archive,
)


@pytest.mark.parametrize("kind", ["gnu", "pax"])
@given(files=FILES)
def test_members_are_those_of_tarfile(files, kind):
    archive = write_archive(files, kind)
    assert read_until_fault(archive) == (tarfile_members(archive), None)


@given(files=st.lists(st.tuples(st.text("ab01_.", min_size=1, max_size=90), st.binary(max_size=9))))
def test_members_of_ustar_with_folders_in_the_prefix_field(files):
    archive = write_archive([("p" * 60 + "/" + name, content) for name, content in files], "ustar")
    assert read_until_fault(archive) == (tarfile_members(archive), None)


@pytest.mark.parametrize("kind", list(FORMATS))
def test_payloads_lie_at_the_offsets_of_their_members(kind):
    files = [("0001.jpg", b"picture"), ("0001.txt", b""), ("0002.jpg", bytes(BLOCK))]
    archive = write_archive(files, kind)
    payloads = [(m.name, archive[m.offset : m.offset + m.size]) for m in read_members(archive)]
    assert payloads == files


def test_everything_but_regular_files_is_skipped():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for number, kind in enumerate([tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]):
            member = tarfile.TarInfo(f"{number}.jpg")
            member.type, member.linkname, member.size = kind, "linked/" * 40, 700
            archive.addfile(member)
        archive.addfile(tarfile.TarInfo("9.txt"))
    archive = stream.getvalue()
    assert [m.name for m in read_members(archive)] == ["9.txt"]
    assert read_until_fault(archive) == (tarfile_members(archive), None)


def test_links_with_long_names_and_targets_are_skipped():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo("linked/" * 40)
        member.type, member.linkname = tarfile.SYMTYPE, "target/" * 40
        archive.addfile(member)
        archive.addfile(tarfile.TarInfo("9.txt"))
    assert [m.name for m in read_members(stream.getvalue())] == ["9.txt"]


@pytest.mark.parametrize("maps", [0, 1, 3])
def test_an_old_sparse_file_is_skipped_with_its_maps(maps):
    header = bytearray(make_header("sparse.bin", 700))
    header[156:157] = b"S"
    header[482:483] = b"\1" if maps else b"\0"
    more = [b"x" * 504 + (b"\1" if at < maps - 1 else b"\0") + bytes(7) for at in range(maps)]
    payload = b"y" * 700 + bytes(padding(700))
    archive = b"".join([with_checksum(bytes(header)), *more, payload, make_header("9.txt", 0)])
    assert [m.name for m in read_members(archive + END_OF_ARCHIVE)] == ["9.txt"]


def test_a_global_header_gives_every_member_its_name():
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "all.txt"}
    ) as archive:
        archive.addfile(tarfile.TarInfo("1.txt"))
        archive.addfile(tarfile.TarInfo("2.txt"))
    archive = stream.getvalue()
    assert [m.name for m in read_members(archive)] == ["all.txt", "all.txt"]
    assert read_until_fault(archive) == (tarfile_members(archive), None)


def test_a_checksum_of_signed_bytes_is_accepted():
    header = bytearray(make_header("é.jpg", 0))
    blank = bytes(header[:148]) + b" " * 8 + bytes(header[156:])
    header[148:156] = b"%06o\0 " % sum(byte - 256 * (byte > 127) for byte in blank)
    archive = bytes(header) + END_OF_ARCHIVE
    assert [m.name for m in read_members(archive)] == ["é.jpg"]
    assert read_until_fault(archive) == (tarfile_members(archive), None)


@pytest.mark.parametrize("zeros", [2, 20, 200])
def test_data_after_the_end_is_a_fault_that_names_the_end(zeros):
    first = make_header("1.txt", 0) + bytes(zeros * BLOCK)
    assert read_until_fault(first) == ([Member("1.txt", BLOCK, 0)], None)
    members, fault = read_until_fault(first + make_header("2.txt", 0) + END_OF_ARCHIVE)
    assert members == [Member("1.txt", BLOCK, 0)]
    assert "byte 512" in str(fault)


def test_a_name_that_ends_in_a_slash_is_a_folder():
    header = bytearray(make_header("folder/", 0))
    header[156:157] = b"\0"
    archive = with_checksum(bytes(header)) + END_OF_ARCHIVE
    assert tarfile_members(archive) == []
    assert read_until_fault(archive) == ([], None)


@pytest.mark.parametrize(
    ("size", "tail", "whole"),
    [
        (3 * BLOCK, END_OF_ARCHIVE, True),
        (3 * BLOCK + 1, END_OF_ARCHIVE, False),
        (3 * BLOCK, b"x" + END_OF_ARCHIVE[1:], False),
        (BLOCK, bytes(BLOCK), False),
        (0, b"", False),
    ],
)
def test_a_whole_archive_has_full_blocks_and_an_end(size, tail, whole):
    assert is_whole(size, tail) is whole
