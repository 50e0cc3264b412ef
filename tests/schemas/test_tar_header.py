"""Headers of members: tarfile reads them back, however long the name or large the member."""

import io
import tarfile

import pytest
from hypothesis import given

from evenpair.schemas.tar import END_OF_ARCHIVE, Member, read_members
from evenpair.schemas.tar_header import BLOCK, LARGEST, make_header, padding

from ..support.archives import FILES, LONG, read_until_fault, tarfile_members


@given(files=FILES)
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
def test_a_size_of_many_gigabytes_has_a_header_of_its_own(name, size):
    header = make_header(name, size)
    with tarfile.open(fileobj=io.BytesIO(header)) as opened:
        first = opened.next()
    assert (first.name, first.size) == (name, size)
    [member] = read_members(Sparse(header, len(header) + size + padding(size)))
    assert member == Member(name, len(header), size)


class Sparse:
    """An archive of zeros after its first bytes."""

    def __init__(self, start, size):
        self.start, self.size = start, size

    def __len__(self):
        return self.size + len(END_OF_ARCHIVE)

    def __getitem__(self, index):
        begin, end, _ = index.indices(len(self))
        return self.start[begin:end].ljust(end - begin, b"\0")
