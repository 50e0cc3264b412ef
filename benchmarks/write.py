"""How fast ``write`` copies samples, beside a webdataset loop and a plain copy of the same bytes.

    python benchmarks/write.py FOLDER [--rounds 3] [--few 8000] [--many 40000]

Every figure is a slope: the time for many samples less the time for few, so that what a process
takes to start cancels. FOLDER should be on the disk in question; it is left with what was made.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import webdataset
from made_shards import make_shards

SHARD = 4000
COMMAND = Path(sys.executable).with_name("evenpair")


def evenpair(*arguments: object) -> None:
    subprocess.run([COMMAND, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def prepared_run(folder: Path, shards: list[Path]) -> Path:
    """Return a run of ``shards`` that has everything but its output."""
    run = folder / f"run-{len(shards)}"
    if not (run / "plan.parquet").exists():
        evenpair("score", *shards, "--out", run, "--statistics", "prior")
        evenpair("select", run, "--shard-size", SHARD)
    return run


def write(run: Path) -> float:
    """Write the shards of a run, as if it had not been done before."""
    shutil.rmtree(run / "shards", ignore_errors=True)
    record = json.loads((run / "run.json").read_text())
    record["phases"].pop("write", None)
    (run / "run.json").write_text(json.dumps(record))
    os.sync()
    start = time.perf_counter()
    evenpair("write", run)
    return time.perf_counter() - start


def webdataset_loop(shards: list[Path], out: Path) -> float:
    """Read every sample and write it again, as webdataset's documentation does."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shard in shards:
            with webdataset.TarWriter(str(out / shard.name)) as sink:
                for sample in webdataset.WebDataset(str(shard), shardshuffle=False):
                    sink.write({k: v for k, v in sample.items() if k not in _LOCAL})
    return time.perf_counter() - start


_LOCAL = ("__url__", "__local_path__")


def plain_copy(shards: list[Path], out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    start = time.perf_counter()
    subprocess.run(["cp", *map(str, shards), str(out)], check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--few", type=int, default=8000)
    parser.add_argument("--many", type=int, default=40000)
    given = parser.parse_args()
    shards = make_shards(given.folder / "shards-in", given.many, SHARD)
    few = shards[: given.few // SHARD]
    size = sum(path.stat().st_size for path in shards[len(few) :])
    runs = {len(some): prepared_run(given.folder, some) for some in (few, shards)}
    out = given.folder / "out"
    ways: dict[str, Callable[[list[Path]], float]] = {
        "evenpair write": lambda some: write(runs[len(some)]),
        "webdataset loop": lambda some: webdataset_loop(some, out),
        "cp": lambda some: plain_copy(some, out),
    }
    slopes: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, run in ways.items():
            slopes[name].append(run(shards) - run(few))
    rates = {name: size / statistics.median(times) for name, times in slopes.items()}
    for name, rate in rates.items():
        spread = ", ".join(f"{size / t / 1e6:.0f}" for t in slopes[name])
        print(f"{name:16} {rate / 1e6:7.0f} MB/s   (rounds: {spread})")
    ours = rates["evenpair write"]
    print(f"times the webdataset loop: {ours / rates['webdataset loop']:.1f}")
    print(f"share of cp: {ours / rates['cp']:.0%}")


if __name__ == "__main__":
    main()
