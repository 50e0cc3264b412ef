"""Members written in few system calls: tarfile reads the archive back."""

import io
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.tar import RECORD, is_whole
from evenpair.storage.blocks import Blocks
from evenpair.transforms.read.payload import Stretch
from evenpair.transforms.write import tar_sink
from evenpair.transforms.write.tar_sink import TarSink

PAYLOADS = st.binary(max_size=1100) | st.integers(4000, 9000).map(lambda size: b"x" * size)
FILES = st.lists(st.tuples(st.text("ab1/", min_size=1, max_size=150), PAYLOADS), max_size=9)


def written(files):
    with io.FileIO(os.memfd_create("archive"), "r+") as file:
        sink = TarSink(file)
        for name, payload in files:
            sink.add(name, payload)
        size = sink.finish()
        file.seek(0)
        archive = file.read()
    assert size == len(archive)
    return archive


def read_back(archive):
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return [(m.name, opened.extractfile(m).read()) for m in opened]


@given(files=FILES)
def test_members_are_read_back(files):
    files = [(f"{name}.jpg", payload) for name, payload in files]
    archive = written(files)
    assert read_back(archive) == files
    assert len(archive) % RECORD == 0
    assert is_whole(len(archive), archive[-1024:])


@given(files=FILES, most=st.integers(1, 3000))
def test_a_partial_write_is_continued(files, most):
    def write_some(descriptor, parts):
        return os.write(descriptor, b"".join(parts)[:most])

    whole = written(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tar_sink.os, "writev", write_some)
        patch.setattr(tar_sink, "_MOST_BYTES", 5000)
        assert written(files) == whole


def test_a_very_large_member_is_copied_in_pieces():
    content = bytes(range(256)) * 10_000
    archive = Blocks(lambda start, size: content[start : start + size], len(content))
    stretch = Stretch(archive, 100, len(content) - 300)
    files = [("0.mp4", stretch), ("1.txt", b"a caption")]
    assert read_back(written(files)) == [("0.mp4", content[100:-200]), files[1]]


def test_a_payload_may_be_any_slice_of_memory():
    content = memoryview(bytes(100_000))
    files = [(f"{at}.jpg", content[at:]) for at in range(3)]
    assert read_back(written(files)) == [(name, bytes(payload)) for name, payload in files]


def test_an_archive_with_bytes_of_another_writer_is_an_error(tmp_path):
    (tmp_path / "0.tar").write_bytes(b"other")
    with (tmp_path / "0.tar").open("ab") as file:
        sink = TarSink(file)
        sink.add("0.jpg", bytes(1000))
        with pytest.raises(OSError, match=r"10240.*10245"):
            sink.finish()
