"""Damaged archives: the members before the damage, and an error that names the place."""

import bz2
import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.tar import END_OF_ARCHIVE, is_whole
from evenpair.schemas.tar_header import BLOCK, make_header, padding

from ..support.archives import (
    FORMATS,
    LONG,
    read_until_fault,
    tarfile_members,
    with_checksum,
    write_archive,
)
from ..support.messages import numbers_in, unnamed


@pytest.mark.parametrize("kind", list(FORMATS))
def test_an_archive_cut_at_any_block_gives_the_members_before_the_cut(kind):
    files = [(LONG if kind != "ustar" else "0.jpg", b"x" * 700), ("1.txt", b""), ("2.jpg", b"y")]
    archive = write_archive(files, kind)
    members = tarfile_members(archive)
    end = members[-1].offset + BLOCK
    cuts = range(0, end + BLOCK, BLOCK)
    assert len(cuts) > 6
    for cut in cuts:
        before, fault = read_until_fault(archive[:cut])
        assert before == [m for m in members if m.offset + m.size <= cut and m.offset <= cut]
        assert (fault is None) == (cut > end)


@given(data=st.data(), kind=st.sampled_from(sorted(FORMATS)))
def test_an_archive_cut_anywhere_gives_the_members_before_the_cut(data, kind):
    files = [("0.jpg", b"x" * 700), ("1.txt", b"caption"), ("2.jpg", b"y" * 512)]
    archive = write_archive(files, kind)
    members = tarfile_members(archive)
    cut = data.draw(st.integers(0, members[-1].offset + BLOCK - 1))
    before, fault = read_until_fault(archive[:cut])
    assert before == [m for m in members if m.offset + m.size <= cut]
    assert numbers_in(str(fault))[-1] <= cut
    assert not is_whole(cut, archive[:cut][-2 * BLOCK :])


def test_the_fault_names_the_member_that_is_cut():
    archive = write_archive([("0.jpg", b"x"), (LONG, b"y" * 600)], "pax")
    before, fault = read_until_fault(archive[: tarfile_members(archive)[-1].offset + 512])
    assert [member.name for member in before] == ["0.jpg"]
    assert fault.member == LONG


@pytest.mark.parametrize(
    ("compress", "program"),
    [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz")],
)
def test_a_compressed_archive_is_a_fault_that_names_the_program(compress, program):
    members, fault = read_until_fault(compress(write_archive([("0.jpg", b"x")], "ustar")))
    assert members == []
    assert program in str(fault)


@given(content=st.binary(max_size=4 * BLOCK))
def test_bytes_of_something_else_raise_only_tar_error(content):
    members, fault = read_until_fault(content)
    assert members == []
    assert fault is not None or not any(content[:BLOCK])


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 3 * BLOCK - 1), st.binary(min_size=1, max_size=30)), max_size=4
    )
)
def test_members_of_a_damaged_archive_lie_inside_it(changes):
    archive = bytearray(write_archive([(LONG, b"x"), ("2.jpg", b"y" * 600)], "pax"))
    for at, changed in changes:
        archive[at : at + len(changed)] = changed
    for at in range(0, 3 * BLOCK, 2 * BLOCK):  # both headers; the records lie between
        archive[at : at + BLOCK] = with_checksum(bytes(archive[at : at + BLOCK]))
    members, _ = read_until_fault(bytes(archive))
    assert [m for m in members if m.offset + m.size > len(archive)] == []


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
    members, fault = read_until_fault(extended + make_header("0.txt", 0) + END_OF_ARCHIVE)
    assert members == []
    assert "extended header" in str(fault)


def test_an_extended_header_of_megabytes_is_not_read():
    header = bytearray(make_header("x", 2 << 20))
    header[156:157] = b"L"
    _, fault = read_until_fault(with_checksum(bytes(header)) + bytes((2 << 20) + 2 * BLOCK))
    assert unnamed(fault, "extended header", 2 << 20) == []
