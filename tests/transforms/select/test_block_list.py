"""Block lists and subset files: which pairs a file names."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.errors import UsageError
from evenpair.schemas.source import Source
from evenpair.schemas.tables import SELECTION
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.block_list import is_named, load_block_list
from evenpair.transforms.select.subset_file import SUBSET, keep_subset, subset_of

from ...support.messages import raises_naming

UIDS = ["0" * 31 + "a", "f" * 32, "0123456789abcdef" * 2]
TABLE = pa.table(
    {
        "uid": UIDS,
        "sha256": ["d" * 64, None, "e" * 64],
        "url": [None, "https://example.invalid/1.jpg", "https://example.invalid/ü.jpg"],
    }
)


def named_by(path):
    """Return for each row of the table whether a block list names it."""
    return is_named(TABLE, load_block_list(str(path))).tolist()


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([UIDS[1]], [False, True, False]),
        (["d" * 64, "  https://example.invalid/ü.jpg  ", ""], [True, False, True]),
        (["https://example.invalid/2.jpg"], [False, False, False]),
        ([], [False, False, False]),
    ],
)
def test_a_text_names_uids_hashes_and_urls(tmp_path, lines, named):
    path = tmp_path / "list.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert named_by(path) == named


def test_a_parquet_names_pairs_by_its_columns(tmp_path):
    path = tmp_path / "list.parquet"
    pq.write_table(pa.table({"uid": [UIDS[0], None], "sha256": ["e" * 64, "d" * 63]}), path)
    assert named_by(path) == [True, False, True]


def test_a_subset_file_can_be_a_block_list(tmp_path):
    rows = [[uid] + [None] * (len(SELECTION) - 1) for uid in UIDS]
    table = pa.Table.from_pylist([dict(zip(SELECTION.names, row, strict=True)) for row in rows])
    table = table.set_column(3, "action", pa.array(["keep", "reject", "keep"]))
    subset = subset_of(Unit(Source(0, "s", "s.tar"), table, Tally(3)))
    path = keep_subset([subset[::-1]], str(tmp_path / "kept.npy"))
    kept = np.load(path)
    assert kept.dtype == SUBSET
    halves = [(int(uid[:16], 16), int(uid[16:], 16)) for uid in UIDS]
    assert kept.tolist() == sorted([halves[0], halves[2]])
    assert named_by(path) == [True, False, True]


def test_an_empty_subset_can_be_read(tmp_path):
    assert np.load(keep_subset([], str(tmp_path / "none.npy"))).tolist() == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gone.txt", None),
        ("bad.parquet", b"PAR1"),
        ("bad.npy", b"\x93NUMPY"),
        ("bad.txt", b"\xff\xfe\xff"),
    ],
)
def test_a_missing_or_unreadable_block_list_is_refused(tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with raises_naming(UsageError, path):
        load_block_list(str(path))
