"""Files of captions: every format reads the same, and a file of something else is refused."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.join.read_given_captions import GivenFile, fields_of, read_given_captions

from ...support.captions import uid, write_lines
from ...support.messages import raises_naming

WRITTEN = [
    {"uid": uid(1).upper(), "caption": "a dog", "model": "m"},
    {"uid": f" {uid(2)[:8]}-{uid(2)[8:]} ", "caption": "a cat", "model": None},
    {"uid": "", "caption": None, "model": None},
]
READ = [(uid(1), "a dog", "m"), (uid(2), "a cat", "c"), (None, None, "c")]


@pytest.mark.parametrize("name", ["c.jsonl", "c.part.ndjson.gz", "c.parquet", "c.pq"])
def test_every_format_reads_the_same(tmp_path, name):
    path = tmp_path / name
    if "json" in name:
        write_lines(path, WRITTEN)
    else:
        pq.write_table(pa.Table.from_pylist(WRITTEN), path)
    tables = read_given_captions(GivenFile(0, str(path), "uid", "caption"))
    assert [tuple(row.values()) for table in tables for row in table.to_pylist()] == READ


def test_a_line_without_an_object_has_no_caption(tmp_path):
    path = tmp_path / "c.jsonl"
    line = b'{"url": "u", "text": "t\\ud83d", "model": 3}'
    path.write_bytes(line + b'\n{"url": \n[1]\n\xff\n\n{"url": 4}')
    [table] = read_given_captions(GivenFile(0, str(path), "url", "text"))
    assert table["on"].to_pylist() == ["u", *[None] * 5]
    assert table["caption"].to_pylist() == ["t?", *[None] * 5]


def test_a_file_that_ends_early_is_named(tmp_path):
    rows = [{"uid": uid(number), "caption": "a dog"} for number in range(99)]
    path = write_lines(tmp_path / "c.jsonl.gz", rows)
    path.write_bytes(path.read_bytes()[:-20])
    with raises_naming(EvenpairError, path):
        list(read_given_captions(GivenFile(0, str(path), "uid", "caption")))


@pytest.mark.parametrize(
    ("name", "content", "named"),
    [
        ("c.csv", b"uid,caption\n", ["Parquet", ".jsonl"]),
        ("c.jsonl", b"[1]\n", ["JSON"]),
        ("c.jsonl.gz", b"{}", []),
    ],
)
def test_a_file_without_captions_is_refused(tmp_path, name, content, named):
    (tmp_path / name).write_bytes(content)
    with raises_naming(UsageError, tmp_path / name, *named):
        fields_of(str(tmp_path / name))
