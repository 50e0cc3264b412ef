"""Files in an object store: whole or absent, and found as local files are."""

import io

import pytest

from evenpair.schemas.errors import EvenpairError
from evenpair.storage import files
from evenpair.storage import remote as remote_storage

from ..support.messages import raises_naming
from ..support.object_store import ObjectStore


@pytest.fixture(scope="module")
def store():
    store = ObjectStore()
    yield store
    store.close()


@pytest.fixture(autouse=True)
def connected(store):
    remote_storage.use_options(store.beam_options)


class Broken(io.BytesIO):
    """A file whose disk fails after its first piece."""

    def read(self, size=-1):
        if self.tell():
            raise OSError("the disk is gone")
        return super().read(size)


def test_a_failed_upload_leaves_no_object():
    with pytest.raises(OSError, match="the disk is gone"):
        remote_storage.upload(Broken(bytes(20 << 20)), "s3://bucket/broken")
    assert not files.exists("s3://bucket/broken")


def test_a_file_appears_when_the_block_ends():
    path = "s3://bucket/folder/file"
    with pytest.raises(KeyError):
        fail_in_the_middle(path)
    assert not files.exists(path)
    with files.write_whole(path) as file:
        file.write(b"whole")
        file.flush()
        assert not files.exists(path)
    assert files.read_bytes(path) == b"whole"
    assert files.size_of(path) == 5
    with files.open_blocks(path) as blocks:
        assert (len(blocks), blocks[1:3]) == (5, b"ho")


def fail_in_the_middle(path):
    with files.write_whole(path) as file:
        file.write(b"half")
        raise KeyError


def test_a_folder_is_removed_with_all_its_files():
    for name in ("gone/a", "gone/b/c", "gone_not/d"):
        files.write_bytes(f"s3://bucket/{name}", b"x")
    files.remove("s3://bucket/gone")
    files.remove("s3://bucket/never")
    assert files.find("s3://bucket/gone**") == ["s3://bucket/gone_not/d"]


@pytest.mark.parametrize("read", [files.size_of, files.read_bytes])
def test_a_missing_file_is_named(read):
    with raises_naming(FileNotFoundError, "s3://bucket/no"):
        read("s3://bucket/no")


def test_a_missing_bucket_is_named():
    with raises_naming(EvenpairError, "s3://other/no", "bucket"):
        files.require_access("s3://other/no")
