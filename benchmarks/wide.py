"""Samples whose own fields no other sample has: the time to read them grows with their number.

    python benchmarks/wide.py FOLDER [--samples 500 1000 2000 4000] [--fields 300]

CPU seconds to read the pairs of one archive, beside a peer that only parses its JSON (tarfile and
json), and of ``evenpair score`` for the same archive. From one size to the next, twice as large,
the time should double.
"""

import argparse
import io
import json
import tarfile
import time
from pathlib import Path

from support.measured import evenpair

from evenpair.schemas.source import Source
from evenpair.transforms.read.read_captions import read_captions


def write_archive(path: Path, samples: int, fields: int) -> Path:
    with tarfile.open(path, "w") as archive:
        for n in range(samples):
            own = {f"f{n}_{at}": at for at in range(fields)}
            members = {"jpg": b"x", "json": json.dumps(own).encode(), "txt": b"a dog on a rug"}
            for name, payload in members.items():
                member = tarfile.TarInfo(f"{n:06d}.{name}")
                member.size = len(payload)
                archive.addfile(member, io.BytesIO(payload))
    return path


def parse_only(path: Path) -> int:
    with tarfile.open(path) as archive:
        names = (member for member in archive if member.name.endswith(".json"))
        return sum(len(json.loads(archive.extractfile(member).read())) for member in names)


def read(path: Path) -> int:
    return read_captions(Source(0, "wide", str(path))).table.num_rows


def cpu_seconds(function, path: Path) -> float:
    start = time.process_time()
    function(path)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, nargs="+", default=[500, 1000, 2000, 4000])
    parser.add_argument("--fields", type=int, default=300)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print("samples      MB    parse     read  read/parse  growth    score")
    before = None
    for samples in given.samples:
        path = write_archive(given.folder / f"wide-{samples}.tar", samples, given.fields)
        parsed, taken = cpu_seconds(parse_only, path), cpu_seconds(read, path)
        out = given.folder / f"run-{samples}"
        cost = evenpair("score", path, "--out", out, "--overwrite", "--workers", 1)
        growth = "" if before is None else f"{taken / before:.2f}"
        print(
            f"{samples:7} {path.stat().st_size / 1e6:7.1f} {parsed:7.2f}s {taken:7.2f}s"
            f" {taken / parsed:10.1f}x {growth:>7} {cost.cpu_seconds:7.1f}s",
            flush=True,
        )
        before = taken


if __name__ == "__main__":
    main()
