"""Sources of all kinds, scored and selected: an archive, one with odd members, a table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .commands import call
from .shards import MadePair, make_jpeg, write_members, write_source

ODD_JSON = rb'{"score": 1.50, "big": 12345678901234567890, "e": "\u00e9\/", "caption": "no"}'
ODD = [
    ("odd/b.txt", b"a boat"), ("odd/b.png", make_jpeg(21)), ("odd/b.seg.npy", b"a mask"),
    ("odd/a.json", ODD_JSON), ("odd/a.webp", make_jpeg(22)), ("odd/a.pyd", b"cos\nsystem\n"),
    ("odd/a.txt", b"two dogs \xf0\x9f\x90\xb6"), ("odd/a.x.pickle", b"pickled"),
    ("page.jpg", b"<html>" * 99), ("page.txt", b"an error page"),
]  # fmt: skip
ROWS = {
    "key": ["t0", "t1", "t2"],
    "caption": ["a red car", "gone", "a car on a road"],
    "url": ["u0", "u1", "u2"],
    "status": ["success", "failed_to_download", "success"],
    "score": [0.5, None, 2.0],
    "jpg": [make_jpeg(31), None, None],
    "png": [None, None, make_jpeg(32)],
}


def make_selected_run(folder: Path) -> Path:
    """Return a run in ``folder`` that is ready to be written."""
    write_source(folder / "0.tar", [MadePair(at, f"a dog on {at} boats") for at in range(3)])
    write_members(folder / "1.tar", ODD)
    pq.write_table(pa.table(ROWS), folder / "2.parquet")
    sources = [folder / name for name in ("0.tar", "1.tar", "2.parquet")]
    out = folder / "run"
    options = ("--statistics", "prior", "--workers", "1")
    assert call("score", *sources, "--out", out, *options).status == 0
    assert call("select", out, "--shard-size", "6", "--workers", "1").status == 0
    return out
