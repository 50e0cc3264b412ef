"""Tables of metadata beside images: whose rows are whose."""

import io
import json

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.transforms.read.read_captions import read_captions

from ...support.folder_reading import ROWS, pairs_of, rejected, samples_of
from ...support.image_folders import images, json_lines, write_files
from ...support.messages import unnamed
from ...support.shards import make_jpeg


def as_jsonl(rows):
    return json_lines(*rows).encode()


def as_csv(rows):
    stream = io.BytesIO()
    pa_csv.write_csv(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


def as_parquet(rows):
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), stream)
    return stream.getvalue()


TABLES = [("jsonl", as_jsonl), ("csv", as_csv), ("parquet", as_parquet)]


@pytest.mark.parametrize(("suffix", "write"), TABLES)
class TestMetadata:
    def test_rows_have_the_captions_and_fields_of_images(self, tmp_path, suffix, write):
        files = {f"metadata.{suffix}": write(ROWS)}
        write_files(tmp_path, images("a.jpg", "sub/b.jpg") | files)
        [source] = find_sources((str(tmp_path),))
        rows = read_captions(source).table.select(["key", "caption", "width", "file_name"])
        assert rows.to_pylist() == [
            {"key": "a", "caption": "a dog", "width": 8, "file_name": "a.jpg"},
            {"key": "sub/b", "caption": "a cat", "width": 9, "file_name": "sub/b.jpg"},
        ]
        samples = samples_of(tmp_path)
        assert [json.loads(sample.members["json"]) for sample in samples] == ROWS
        assert [bytes(sample.image) for sample in samples] == [make_jpeg(0), make_jpeg(1)]

    def test_rows_without_an_image_are_rejected_by_their_names(self, tmp_path, suffix, write):
        names = ["a.jpg", "gone.jpg", "../out.jpg", "a.jpg", None]
        rows = [{"file_name": name, "text": "a dog"} for name in names]
        folder = tmp_path / "in"
        write_files(tmp_path, images("out.jpg", "in/a.jpg", "in/more.jpg"))
        write_files(folder, {f"metadata.{suffix}": write(rows), "more.txt": "a cat"})
        assert pairs_of(folder) == [("a", "a dog"), ("more", "a cat")]
        faults = rejected(folder)
        missing = "row 4" if suffix != "csv" else ""
        assert {key: reason for key, (reason, _) in faults.items()} == {
            "gone.jpg": "missing-image",
            "../out.jpg": "missing-image",
            "a.jpg": "duplicate-key",
            missing: "missing-image",
        }
        assert unnamed(faults["gone.jpg"][1], f"metadata.{suffix}", "'gone.jpg'") == []

    def test_a_table_without_names_is_a_fault(self, tmp_path, suffix, write):
        files = {f"metadata.{suffix}": write([{"name": "a.jpg", "text": "a dog"}])}
        write_files(tmp_path, images("a.jpg") | files)
        [source] = find_sources((str(tmp_path),))
        unit = read_captions(source)
        if suffix == "jsonl":
            assert [r.reason.value for r in unit.rejections] == ["missing-image"]
        else:
            assert unnamed(unit.tally.fault, f"metadata.{suffix}", "file_name", "name") == []

    def test_a_caption_is_taken_from_the_field_that_is_named(self, tmp_path, suffix, write):
        rows = [{"file_name": "a.jpg", "text": "a dog", "alt": "a brown dog"}]
        write_files(tmp_path, images("a.jpg") | {f"metadata.{suffix}": write(rows)})
        assert pairs_of(tmp_path, "alt") == [("a", "a brown dog")]
        [source] = find_sources((str(tmp_path),))
        assert unnamed(read_captions(source, "none").tally.fault, source.path, "'none'") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.jsonl", b'{"file_name": "a.jpg"}\n[1]\n'),
        ("metadata.jsonl", b'{"file_name": "a.jpg", "text": "caf\xe9"}\n'),
        ("metadata.csv", b"file_name,text\na.jpg,b,c\n"),
        ("metadata.csv", b""),
        ("metadata.parquet", b"PAR1 and no more"),
    ],
)
def test_a_damaged_table_is_one_line(tmp_path, name, content):
    write_files(tmp_path, images("a.jpg") | {name: content})
    [source] = find_sources((str(tmp_path),))
    unit = read_captions(source)
    assert unnamed(unit.tally.fault, tmp_path / name) == []
    assert "\n" not in unit.tally.fault
    assert unit.tally.pairs_read == 0
