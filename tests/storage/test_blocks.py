"""A file read in windows: the bytes of the file in any order, and few others read."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.tar import END_OF_ARCHIVE, read_members
from evenpair.schemas.tar_header import BLOCK, make_header
from evenpair.storage import files
from evenpair.storage.blocks import LOCAL, Blocks, Reach

CONTENT = bytes(range(256)) * 8
SLICES = st.lists(st.tuples(st.integers(0, 2100), st.integers(0, 700)), max_size=30)
REACHES = st.builds(
    Reach,
    first=st.integers(1, 100),
    most=st.integers(1, 900),
    gap=st.integers(0, 200),
    streams=st.booleans(),
)


class Counted:
    """Bytes that note every range that is read."""

    def __init__(self, content, most=1 << 30):
        self.content, self.most = content, most
        self.ranges = []

    def read(self, start, size):
        size = min(size, self.most)
        self.ranges.append((start, start + size))
        return self.content[start : start + size]

    @property
    def bytes_read(self):
        return sum(stop - start for start, stop in self.ranges)


@given(slices=SLICES, reach=REACHES, most=st.integers(1, 3000))
def test_slices_are_those_of_the_whole_file(slices, reach, most):
    blocks = Blocks(Counted(CONTENT, most).read, len(CONTENT), reach)
    spans = [(start, start + size) for start, size in slices]
    assert [blocks[a:b] for a, b in spans] == [CONTENT[a:b] for a, b in spans]
    assert [bytes(blocks.view(a, b)) for a, b in spans] == [CONTENT[a:b] for a, b in spans]


def test_a_view_outlives_its_window():
    blocks = Blocks(Counted(CONTENT).read, len(CONTENT), Reach(16, 16, 0, streams=False))
    view = blocks.view(0, 16)
    assert blocks[1024:1040] == CONTENT[1024:1040]
    assert bytes(view) == CONTENT[:16]


@given(sizes=st.lists(st.integers(1, 300), max_size=30))
def test_a_stream_that_is_read_in_order_reads_every_byte_once(sizes):
    file = Counted(CONTENT)
    blocks = Blocks(file.read, len(CONTENT), Reach(64, 256, 100, streams=True))
    at = 0
    for size in sizes:
        assert blocks[at : at + size] == CONTENT[at : at + size]
        at = min(at + size, len(CONTENT))
    starts = [start for start, _ in file.ranges]
    assert starts == [0, *(stop for _, stop in file.ranges)][: len(starts)]


def archive_of(samples, image_bytes):
    return b"".join(
        make_header(f"{at}.{field}", size) + bytes(size + -size % BLOCK)
        for at in range(samples)
        for field, size in (("jpg", image_bytes), ("json", 300), ("txt", 40))
    )


def test_headers_are_read_without_the_images_between_them():
    file = Counted(archive_of(50, 100 << 10) + END_OF_ARCHIVE)
    members = list(read_members(Blocks(file.read, len(file.content), LOCAL)))
    assert len(members) == 150
    assert file.bytes_read < len(file.content) / 8


def test_small_members_are_read_in_large_windows():
    file = Counted(archive_of(500, 20 << 10) + END_OF_ARCHIVE)
    blocks = Blocks(file.read, len(file.content), LOCAL)
    for member in read_members(blocks):
        blocks.view(member.offset, member.offset + member.size)
    assert file.bytes_read < 1.1 * len(file.content)
    assert len(file.ranges) < 40


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(100_000))
    with files.open_blocks(str(path)) as blocks:
        assert len(blocks[0:10]) == 10
        os.truncate(path, 50_000)
        with pytest.raises(OSError, match="50000"):
            blocks[40_000:60_000]
