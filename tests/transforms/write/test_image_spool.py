"""Images that wait in a temporary file until their table is written."""

import io
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from evenpair.transforms.write.image_spool import ImageSpool


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is full")
def test_a_full_disk_for_temporary_files_is_named(monkeypatch):
    full = Path("/dev/full")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full.open("w+b", buffering=0))
    monkeypatch.setattr(tempfile, "tempdir", "/scratch")
    with pytest.raises(OSError, match="'/scratch'"), ImageSpool() as spool:
        spool.add("jpg", b"x")


def test_a_spool_needs_an_image_for_every_row():
    with ImageSpool() as spool, pytest.raises(ValueError, match=r"0 .* 1 "):
        spool.write_table(pa.table({"key": ["1"]}), io.BytesIO())
