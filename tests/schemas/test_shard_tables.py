"""The parquet beside an output shard."""

import pyarrow as pa

from evenpair.schemas.shard_tables import ADDED, shard_table
from evenpair.schemas.tables import SCORES, SELECTION


def piece(rows, **others):
    """Return chosen rows of one source, as the phase write has them."""
    fields = {f.name: f for f in (*SCORES, *SELECTION)}
    columns = {name: pa.nulls(rows, field.type) for name, field in fields.items()}
    columns |= {
        "key": pa.array([f"k{at}" for at in range(rows)]),
        "output_key": pa.array([f"0000{at}" for at in range(rows)]),
        "caption_raw": pa.array(["a dog"] * rows),
        "status": pa.array(["success"] * rows),
    }
    return pa.table(columns | others)


def test_columns_are_img2datasets_then_those_of_the_source_then_ours():
    table = shard_table([piece(2, exif=pa.array(["{}", None]))])
    assert table.column_names == [
        "url", "caption", "key", "status", "error_message", "width", "height", "sha256", "exif",
        *ADDED,
    ]  # fmt: skip
    assert table["key"].to_pylist() == ["00000", "00001"]
    assert table["status"].to_pylist() == ["success"] * 2
    assert table["error_message"].to_pylist() == [None] * 2


def test_fields_that_a_source_lacks_are_null_in_its_rows():
    table = shard_table([piece(1, a=pa.array([1])), piece(1, b=pa.array(["x"]))])
    assert table.select(["a", "b"]).to_pylist() == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_numbers_of_two_widths_become_the_wider_one():
    table = shard_table([piece(1, n=pa.array([1], pa.int32())), piece(1, n=pa.array([2.5]))])
    assert table["n"].to_pylist() == [1.0, 2.5]


def test_a_type_that_differs_becomes_a_string():
    table = shard_table([piece(2, n=pa.array([1, None])), piece(1, n=pa.array(["many"]))])
    assert table["n"].to_pylist() == ["1", None, "many"]


def test_a_source_without_chosen_rows_adds_no_rows():
    table = shard_table([piece(2).slice(0, 0), piece(1, a=pa.array([1]))])
    assert table.num_rows == 1
    assert table["a"].to_pylist() == [1]
