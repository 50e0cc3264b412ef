"""Columns of any type: what fits is taken, what does not is kept beside, no pair is lost."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ...support.hub_reading import images_of, read, samples_of
from ...support.hub_tables import TEXTS, hub_images, write_hub_table
from ...support.messages import unnamed
from ...support.shards import make_jpeg


@pytest.mark.parametrize(
    ("column", "choice", "captions", "several"),
    [
        ([["a", "abc"], ["b"], [], None], "first", ["a", "b", None, None], [0]),
        ([["a", "abc"], ["b"], ["", "c"], None], "longest", ["abc", "b", "c", None], [0]),
        ([[{"raw": "a", "id": 1}, {"raw": "b", "id": 2}]] * 4, "first", ["a"] * 4, [0, 1, 2, 3]),
        ([{"raw": ["a", "b"]}] * 4, "first", ["a"] * 4, [0, 1, 2, 3]),
    ],
)
def test_one_of_several_captions_is_taken_and_all_are_kept(
    tmp_path, column, choice, captions, several
):
    columns = {"image": hub_images(), "captions": column}
    table = read(write_hub_table(tmp_path / "0.parquet", columns), choice=choice).table
    assert table["caption"].to_pylist() == captions
    kept = table["captions_raw"].to_pylist()
    assert [at for at, texts in enumerate(kept) if texts] == several
    assert all(texts is None or len(texts) > 1 for texts in kept)
    assert table["captions"].to_pylist() == column


WIDTHS = [
    ([8, 9, 10, None], [8, 9, 10, None]),
    ([float("nan"), 64.0, 64.5, None], [None, 64, None, None]),
    ([2**40, 9, -1, None], [None, 9, -1, None]),
    (["n/a", "9", None, ""], [None] * 4),
    ([[1], [2], [], None], [None] * 4),
    ([True, False, None, True], [None] * 4),
    (pa.array([1, 2, 3, 4], pa.duration("s")), [None] * 4),
    (pa.array([1, 2, 3, 4], pa.decimal128(5, 0)), [None] * 4),
]


@pytest.mark.parametrize(("values", "expected"), WIDTHS)
def test_a_width_that_fits_is_taken_and_others_are_kept_beside(tmp_path, values, expected):
    columns = {"image": hub_images(), "text": TEXTS, "width": values}
    table = read(write_hub_table(tmp_path / "0.parquet", columns)).table
    assert table["width"].type == pa.int32()
    assert table["width"].to_pylist() == expected
    given = pa.array(values).null_count
    assert ("source_width" in table.column_names) == (expected.count(None) > given)
    assert table.num_rows == 4


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", [True, False, None, True]),
        ("status", ["new", "old", None, "new"]),
        ("status", [1, 2, 3, 4]),
        ("url", [1, 2, 3, 4]),
        ("url", [["u"], [], None, ["v", "w"]]),
        ("uid", [1, 2, 3, 4]),
        ("uid", [{"a": 1}] * 4),
        ("sha256", [1.5, None, 2.5, 3.0]),
        ("key", [1.5, 2.5, 3.5, 4.5]),
        ("key", [["a"], ["b"], [], None]),
        ("shard", [[1], [], None, [2]]),
        ("extra", pa.array([[("a", 1)], [], None, []], pa.map_(pa.string(), pa.int32()))),
        ("extra", pa.array(["a", "b", None, "a"]).dictionary_encode()),
        ("extra", pa.array([0, 1, None, 3], pa.timestamp("ns", "UTC"))),
        ("extra", pa.array([0, 1, None, 3], pa.time64("ns"))),
        ("extra", pa.nulls(4)),
        ("json", ["not", "a", "struct", None]),
        ("captions_raw", [1, 2, 3, 4]),
        ("other_fields", [1, 2, 3, 4]),
    ],
)
def test_no_type_of_a_column_loses_a_pair(tmp_path, name, values):
    columns = {"image": hub_images(), "text": TEXTS, name: values}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    unit = read(path)
    assert unit.table["caption"].to_pylist() == TEXTS
    assert (unit.tally.pairs_read, unit.tally.fault, unit.rejections) == (4, None, ())
    assert len({*unit.table["uid"].to_pylist()}) == 4
    assert images_of(path) == [("jpg", make_jpeg(at)) for at in range(4)]


def test_digests_are_hexadecimal(tmp_path):
    digests = pa.array([bytes([at]) * 32 for at in range(4)], pa.binary(32))
    columns = {"image": hub_images(), "text": TEXTS, "sha256": digests}
    table = read(write_hub_table(tmp_path / "0.parquet", columns)).table
    assert table["sha256"].to_pylist() == [f"{at:02x}" * 32 for at in range(4)]


def not_utf8(values):
    return pa.array(values, pa.binary()).view(pa.string())


class TestNoUtf8:
    TEXT = not_utf8([b"a dog", b"caf\xe9", None, b"a cat"])

    def test_texts_become_null(self, tmp_path):
        columns = {"image": hub_images(), "text": self.TEXT, "note": self.TEXT}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        table = read(path).table
        assert table["caption"].to_pylist() == ["a dog", None, None, "a cat"]
        assert table["note"].to_pylist() == ["a dog", None, None, "a cat"]
        assert len(samples_of(path)) == 4

    def test_texts_in_lists_become_null(self, tmp_path):
        lists = pa.ListArray.from_arrays([0, 2, 4, 4, 4], self.TEXT)
        columns = {"image": hub_images(), "captions": lists}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        assert read(path).table["caption"].to_pylist() == ["a dog", "a cat", None, None]
        assert len(samples_of(path)) == 4

    def test_bytes_are_texts_where_they_are_utf8(self, tmp_path):
        columns = {"image": hub_images(), "text": self.TEXT.view(pa.binary())}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        assert read(path).table["caption"].to_pylist() == ["a dog", None, None, "a cat"]

    def test_a_key_is_rejected(self, tmp_path):
        columns = {"image": hub_images(), "text": TEXTS, "key": self.TEXT}
        unit = read(write_hub_table(tmp_path / "0.parquet", columns))
        reasons = [rejection.reason.value for rejection in unit.rejections]
        assert reasons == ["unreadable-sample"] * 2
        assert unit.table["key"].to_pylist() == ["a dog", "a cat"]


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ([1, 2, 3, 4], 0),
        ([True] * 4, 0),
        ([None, "", " ", None], 4),
        ([[], None, [""], []], 4),
        (pa.nulls(4), 4),
    ],
)
def test_captions_without_any_text_are_a_fault(tmp_path, values, pairs):
    columns = {"image": hub_images(), "caption": values}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    unit = read(path)
    assert unnamed(unit.tally.fault, path, "'caption'", "--caption-field") == []
    assert "\n" not in unit.tally.fault
    assert (unit.tally.pairs_read, unit.table.num_rows) == (pairs, pairs)


def test_a_parquet_beside_an_archive_may_have_any_types(tmp_path):
    from ...support.shards import MadePair, write_source

    source = write_source(tmp_path / "0.tar", [MadePair(0, "a dog"), MadePair(1, "a cat")])
    table = pq.read_table(tmp_path / "0.parquet")
    for name, values in (("width", ["n/a"] * 3), ("caption", [1, 2, 3]), ("status", [True] * 3)):
        at = table.column_names.index(name)
        pq.write_table(table.set_column(at, name, pa.array(values)), tmp_path / "0.parquet")
        unit = read(source)
        assert unit.table["caption"].to_pylist() == ["a dog", "a cat"]
        assert unit.tally.fault is None
