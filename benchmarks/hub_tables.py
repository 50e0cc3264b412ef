"""A table of the Hugging Face hub beside img2dataset's, with the same rows.

    python benchmarks/hub_tables.py FOLDER [--rows 100000] [--bytes 2000]

CPU seconds to read the pairs without images, and those of ``evenpair score`` by shipped statistics
with its largest process, for img2dataset's columns (``jpg``, ``caption``, ``key``, ``status``) and
the hub's (``image`` as struct of bytes and path, ``text``). The peer is img2dataset's table.
"""

import argparse
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from support.measured import evenpair

from evenpair.schemas.source import Source
from evenpair.transforms.read.read_captions import read_captions

_ROWS_A_GROUP = 1000


def write_tables(folder: Path, rows: int, size: int) -> dict[str, Path]:
    captions = [f"a brown dog runs past {at} red boats on the beach" for at in range(rows)]
    images = [b"\xff\xd8\xff" + at.to_bytes(4, "big") + bytes(size) for at in range(rows)]
    structs = [{"bytes": image, "path": f"{at}.jpg"} for at, image in enumerate(images)]
    keys = [f"{at:09d}" for at in range(rows)]
    tables = {
        "img2dataset": {
            "caption": captions, "key": keys, "status": ["success"] * rows, "jpg": images,
        },
        "hub": {"image": structs, "text": captions},
    }  # fmt: skip
    paths = {}
    for name, columns in tables.items():
        paths[name] = folder / f"{name}.parquet"
        pq.write_table(pa.table(columns), paths[name], row_group_size=_ROWS_A_GROUP)
    return paths


def read_seconds(path: Path) -> float:
    start = time.process_time()
    read_captions(Source(0, path.stem, str(path)))
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=2000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    paths = write_tables(given.folder, given.rows, given.bytes)
    seconds = {}
    for name, path in paths.items():
        read = min(read_seconds(path) for _ in range(3))
        out = given.folder / f"run-{name}"
        options = ("--out", out, "--overwrite", "--workers", 1, "--statistics", "prior")
        cost = evenpair("score", path, *options)
        seconds[name] = cost.cpu_seconds
        peak = cost.launcher_mb
        print(f"{name:12} read {read:6.2f}s  score {cost.cpu_seconds:7.1f}s  peak {peak:6.0f} MB")
    print(f"score, hub / img2dataset: {seconds['hub'] / seconds['img2dataset']:.2f}")


if __name__ == "__main__":
    main()
