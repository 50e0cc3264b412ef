"""Lists of urls: every format gives the same rows."""

import gzip
import json

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from ...support.downloads import NEEDS_EXTRA, fetch, forget_opener, rows

pytestmark = [pytest.mark.slow, NEEDS_EXTRA]


TABLE = pa.table({"link": ["u/0.jpg", "u/1.jpg"], "text": ["a dog", "a cat"], "n": [7, 8]})


@pytest.fixture(autouse=True)
def fresh_urllib(monkeypatch):
    forget_opener(monkeypatch)


def write(path):
    """Write the table in the format that the name of a file tells."""
    kind = path.name.split(".")[1]
    if kind == "parquet":
        pq.write_table(TABLE, path)
        return path
    sink = pa.BufferOutputStream()
    if kind == "jsonl":
        sink.write("\n".join(map(json.dumps, TABLE.to_pylist())).encode())
    elif kind == "txt":
        sink.write(b"u/0.jpg\nu/1.jpg\n")
    else:
        delimiter = "\t" if kind == "tsv" else ","
        pa_csv.write_csv(TABLE, sink, pa_csv.WriteOptions(delimiter=delimiter))
    content = sink.getvalue().to_pybytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize(
    "name", ["a.parquet", "a.csv", "a.tsv.gz", "a.jsonl", "a.jsonl.gz", "a.txt", "a.csv.gz"]
)
def test_every_format_gives_the_same_rows(tmp_path, name):
    text = ".txt" in name
    columns = {} if text else {"url_col": "link", "save_additional_columns": ("*",)}
    fetch(write(tmp_path / name), tmp_path / "out", **columns)
    read = [(row["url"], row.get("caption"), row.get("n")) for row in rows(tmp_path / "out")]
    full = [("u/0.jpg", "a dog", 7), ("u/1.jpg", "a cat", 8)]
    assert read == ([(url, None, None) for url, _, _ in full] if text else full)
