"""Tar archives as blocks, beside Python's tarfile."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.tar import END_OF_ARCHIVE, Member, TarError, is_whole, read_members
from evenpair.schemas.tar_header import BLOCK, LARGEST, make_header, padding

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


def write_archive(files, kind):
    """An archive of names and payloads as tarfile writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=FORMATS[kind]) as archive:
        for name, payload in files:
            member = tarfile.TarInfo(name)
            member.size = len(payload)
            archive.addfile(member, io.BytesIO(payload))
    return stream.getvalue()


def tarfile_members(archive):
    """The regular files that tarfile finds."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return [Member(m.name, m.offset_data, m.size) for m in opened if m.isreg()]


def read_until_fault(archive):
    """The members that can be read, and what stopped the reading."""
    found = []
    try:
        for member in read_members(archive):
            found.append(member)
    except TarError as error:
        return found, error
    return found, None


def with_checksum(header):
    """A header whose checksum is right, whatever was changed in it."""
    blank = header[:148] + b" " * 8 + header[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


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
def test_payloads_lie_where_members_say(kind):
    files = [("0001.jpg", b"picture"), ("0001.txt", b""), ("0002.jpg", bytes(BLOCK))]
    archive = write_archive(files, kind)
    found = [(m.name, archive[m.offset : m.offset + m.size]) for m in read_members(archive)]
    assert found == files


def test_everything_but_regular_files_is_passed_over():
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


def test_links_with_long_targets_are_passed_over_with_their_long_names():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo("linked/" * 40)
        member.type, member.linkname = tarfile.SYMTYPE, "target/" * 40
        archive.addfile(member)
        archive.addfile(tarfile.TarInfo("9.txt"))
    assert [m.name for m in read_members(stream.getvalue())] == ["9.txt"]


@pytest.mark.parametrize("maps", [0, 1, 3])
def test_an_old_sparse_file_is_passed_over_with_its_maps(maps):
    header = bytearray(make_header("sparse.bin", 700))
    header[156:157] = b"S"
    header[482:483] = b"\1" if maps else b"\0"
    more = [b"x" * 504 + (b"\1" if at < maps - 1 else b"\0") + bytes(7) for at in range(maps)]
    payload = b"y" * 700 + bytes(padding(700))
    archive = b"".join([with_checksum(bytes(header)), *more, payload, make_header("9.txt", 0)])
    assert [m.name for m in read_members(archive + END_OF_ARCHIVE)] == ["9.txt"]


def test_a_global_header_names_every_member():
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "all.txt"}
    ) as archive:
        archive.addfile(tarfile.TarInfo("1.txt"))
        archive.addfile(tarfile.TarInfo("2.txt"))
    archive = stream.getvalue()
    assert [m.name for m in read_members(archive)] == ["all.txt", "all.txt"]
    assert read_until_fault(archive) == (tarfile_members(archive), None)


def test_a_checksum_of_signed_bytes_is_as_good():
    header = bytearray(make_header("é.jpg", 0))
    blank = bytes(header[:148]) + b" " * 8 + bytes(header[156:])
    header[148:156] = b"%06o\0 " % sum(byte - 256 * (byte > 127) for byte in blank)
    archive = bytes(header) + END_OF_ARCHIVE
    assert [m.name for m in read_members(archive)] == ["é.jpg"]
    assert read_until_fault(archive) == (tarfile_members(archive), None)


@pytest.mark.parametrize("zeros", [2, 20, 200])
def test_what_follows_the_end_is_a_fault(zeros):
    first = make_header("1.txt", 0) + bytes(zeros * BLOCK)
    assert read_until_fault(first) == ([Member("1.txt", BLOCK, 0)], None)
    found, fault = read_until_fault(first + make_header("2.txt", 0) + END_OF_ARCHIVE)
    assert found == [Member("1.txt", BLOCK, 0)]
    assert "data follow the end of the archive, which is at byte 512" in str(fault)


def test_a_name_that_ends_in_a_slash_is_a_folder():
    header = bytearray(make_header("folder/", 0))
    header[156:157] = b"\0"
    archive = with_checksum(bytes(header)) + END_OF_ARCHIVE
    assert tarfile_members(archive) == []
    assert read_until_fault(archive) == ([], None)


@pytest.mark.parametrize("kind", list(FORMATS))
def test_an_archive_cut_at_any_block_gives_the_members_before_the_cut(kind):
    files = [(LONG if kind != "ustar" else "0.jpg", b"x" * 700), ("1.txt", b""), ("2.jpg", b"y")]
    archive = write_archive(files, kind)
    members = tarfile_members(archive)
    end = members[-1].offset + BLOCK
    cuts = range(0, end + BLOCK, BLOCK)
    assert len(cuts) > 6
    for cut in cuts:
        found, fault = read_until_fault(archive[:cut])
        assert found == [m for m in members if m.offset + m.size <= cut and m.offset <= cut]
        assert (fault is None) == (cut > end)


@given(data=st.data(), kind=st.sampled_from(sorted(FORMATS)))
def test_an_archive_cut_anywhere_gives_the_members_before_the_cut(data, kind):
    files = [("0.jpg", b"x" * 700), ("1.txt", b"caption"), ("2.jpg", b"y" * 512)]
    archive = write_archive(files, kind)
    members = tarfile_members(archive)
    cut = data.draw(st.integers(0, members[-1].offset + BLOCK - 1))
    found, fault = read_until_fault(archive[:cut])
    assert found == [m for m in members if m.offset + m.size <= cut]
    assert "cut short" in str(fault)
    assert not is_whole(cut, archive[:cut][-2 * BLOCK :])


def test_the_member_that_is_cut_has_a_name():
    archive = write_archive([("0.jpg", b"x"), (LONG, b"y" * 600)], "pax")
    found, fault = read_until_fault(archive[: tarfile_members(archive)[-1].offset + 512])
    assert [m.name for m in found] == ["0.jpg"]
    assert fault.member == LONG


@pytest.mark.parametrize(
    ("compress", "program"),
    [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz")],
)
def test_a_compressed_archive_says_so(compress, program):
    found, fault = read_until_fault(compress(write_archive([("0.jpg", b"x")], "ustar")))
    assert (found, str(fault)) == ([], f"compressed with {program}: unpack it first")


@given(content=st.binary(max_size=4 * BLOCK))
def test_bytes_that_are_no_archive_raise_tar_error_alone(content):
    found, fault = read_until_fault(content)
    assert found == []
    assert fault is not None or not any(content[:BLOCK])


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 3 * BLOCK - 1), st.binary(min_size=1, max_size=30)), max_size=4
    )
)
def test_a_damaged_header_gives_members_inside_the_archive_or_tar_error(changes):
    archive = bytearray(write_archive([(LONG, b"x"), ("2.jpg", b"y" * 600)], "pax"))
    for at, changed in changes:
        archive[at : at + len(changed)] = changed
    for at in range(0, 3 * BLOCK, 2 * BLOCK):  # both headers; the records lie between
        archive[at : at + BLOCK] = with_checksum(bytes(archive[at : at + BLOCK]))
    found, _ = read_until_fault(bytes(archive))
    assert [m for m in found if m.offset + m.size > len(archive)] == []


@pytest.mark.parametrize(
    "records",
    [
        b"%d size=%b\n" % (5010, b"9" * 5000),
        b"11 size=-1\n",
        b"99 path=x\n",
        b"3 path=x\n",
    ],
)
def test_damaged_pax_records_raise_tar_error(records):
    header = bytearray(make_header("x", len(records)))
    header[156:157] = b"x"
    extended = with_checksum(bytes(header)) + records + bytes(padding(len(records)))
    found, fault = read_until_fault(extended + make_header("0.txt", 0) + END_OF_ARCHIVE)
    assert found == []
    assert "damaged extended header" in str(fault)


def test_an_endless_extended_header_is_not_read():
    header = bytearray(make_header("x", 2 << 20))
    header[156:157] = b"L"
    _, fault = read_until_fault(with_checksum(bytes(header)) + bytes((2 << 20) + 2 * BLOCK))
    assert "extended header of 2097152 bytes" in str(fault)


@given(files=st.lists(st.tuples(PATHS, st.binary(max_size=1100)), max_size=4))
def test_headers_are_read_back_by_tarfile(files):
    blocks = [make_header(n, len(c)) + c + bytes(padding(len(c))) for n, c in files]
    archive = b"".join([*blocks, END_OF_ARCHIVE])
    assert read_until_fault(archive) == (tarfile_members(archive), None)
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert [(m.name, opened.extractfile(m).read()) for m in opened] == files
        assert {(m.mode, m.mtime, m.uid, m.gid, m.uname, m.gname) for m in opened} <= {
            (0o444, 0, 0, 0, "bigdata", "bigdata")
        }


@pytest.mark.parametrize(("length", "blocks"), [(99, 1), (100, 1), (101, 3), (255, 3), (1000, 4)])
def test_a_long_name_has_a_header_of_its_own(length, blocks):
    header = make_header("n" * (length - 4) + ".jpg", 0)
    assert len(header) == blocks * BLOCK
    assert [len(m.name) for m in tarfile_members(header + END_OF_ARCHIVE)] == [length]


@pytest.mark.parametrize("name", ["0.jpg", LONG])
@pytest.mark.parametrize("size", [LARGEST - 1, LARGEST, 3 * LARGEST + 5])
def test_a_giant_has_its_size_in_a_header_of_its_own(name, size):
    header = make_header(name, size)
    with tarfile.open(fileobj=io.BytesIO(header)) as opened:
        found = opened.next()
    assert (found.name, found.size) == (name, size)
    [member] = read_members(Sparse(header, len(header) + size + padding(size)))
    assert member == Member(name, len(header), size)


class Sparse:
    """An archive of zeros behind its first bytes."""

    def __init__(self, start, size):
        self.start, self.size = start, size

    def __len__(self):
        return self.size + len(END_OF_ARCHIVE)

    def __getitem__(self, index):
        begin, end, _ = index.indices(len(self))
        return self.start[begin:end].ljust(end - begin, b"\0")


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
def test_a_whole_archive_is_told_by_its_size_and_its_end(size, tail, whole):
    assert is_whole(size, tail) is whole
