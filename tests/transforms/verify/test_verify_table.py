"""Problems of tables with images."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ...support.shards import make_jpeg
from ...support.verified import problems

ROWS = {
    "key": ["1", "2", "3", "4", "5"],
    "caption": ["a", "b", " ", "d", "e"],
    "status": ["success"] * 4 + ["failed_to_download"],
    "jpg": [make_jpeg(1), make_jpeg(2)[:-90], make_jpeg(3), make_jpeg(4), None],
}


def test_empty_captions_and_truncated_images_are_found(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "0.parquet")
    expected = [("0.parquet", "3", "empty-member"), ("0.parquet", "2", "undecodable-image")]
    assert sorted(problems(tmp_path)) == sorted(expected)
    assert problems(tmp_path, no_decode=True) == expected[:1]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("key", ["1", "2", "2", "4", "5"], [("2", "duplicate-key")]),
        ("key", ["1", "a.b", "3", "4", "5"], [("a.b", "unsafe-name")]),
        ("jpg", [make_jpeg(1), None, b"", make_jpeg(4), None],
         [("2", "missing-member"), ("3", "empty-member")]),
        ("jpg", [make_jpeg(9)] * 2 + [b"<html>" * 9] * 2 + [None],
         [("3", "undecodable-image"), ("4", "undecodable-image")]),
        ("jpg", [make_jpeg(9)] * 3 + [make_jpeg(1), None], [("1", "repeated-image")]),
    ],
)  # fmt: skip
def test_every_problem_of_a_row_is_found(tmp_path, name, values, expected):
    rows = ROWS | {
        "caption": list("abcde"),
        "jpg": [make_jpeg(at) for at in range(5)],
        name: values,
    }
    pq.write_table(pa.table(rows), tmp_path / "0.parquet")
    assert problems(tmp_path) == [("0.parquet", key, problem) for key, problem in expected]


def test_a_truncated_table_is_found(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "0.parquet")
    (tmp_path / "0.parquet").write_bytes((tmp_path / "0.parquet").read_bytes()[:-5])
    assert problems(tmp_path) == [("0.parquet", "", "truncated")]
