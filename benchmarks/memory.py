"""The largest process of each phase, for one small shard and for many large ones: about the same.

    python benchmarks/memory.py FOLDER [--shards 20] [--samples 10000]

The small one has a thousand samples. Pictures have 20 to 60 kB: 20 shards of 10,000 take 8 GB in
FOLDER, and as many again when they are written.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from support.made_shards import make_shards

COMMAND = Path(sys.executable).with_name("evenpair")
MEASURE = (
    "import resource, subprocess, sys; "
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
)


def largest_process(*arguments: object) -> int:
    """Run a command in one process and return its resident size in MB, or that of a child."""
    command = [str(COMMAND), *map(str, arguments), "--workers", "1"]
    measured = [sys.executable, "-c", MEASURE, *command]
    done = subprocess.run(measured, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def measure(shards: list[Path], run: Path) -> dict[str, int]:
    shutil.rmtree(run, ignore_errors=True)
    return {
        "score": largest_process("score", *shards, "--out", run, "--statistics", "prior"),
        "select": largest_process("select", run, "--keep-fraction", "0.9"),
        "write": largest_process("write", run),
        "verify --no-decode": largest_process("verify", "--no-decode", run / "shards"),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=20)
    parser.add_argument("--samples", type=int, default=10_000)
    given = parser.parse_args()
    small = make_shards(given.folder / "small", 1000, 1000)
    large = make_shards(given.folder / "large", given.shards * given.samples, given.samples)
    sizes = [measure(s, given.folder / "run") for s in (small, large)]
    for phase, one in sizes[0].items():
        many = sizes[1][phase]
        print(f"{phase:20} {one:5} MB for 1,000 samples, {many:5} MB for all ({many / one:.2f})")


if __name__ == "__main__":
    main()
