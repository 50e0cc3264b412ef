"""How fast ``write`` copies samples, beside a webdataset loop and a plain copy of the same bytes.

    python benchmarks/write.py FOLDER [--rounds 3] [--few 8000] [--many 40000]

Every figure is a slope: the time for many samples less the time for few, so that what a process
takes to start cancels. By CPU time, which a busy machine changes least, all processes of a way are
added up; by the clock ``write`` has all cores and the others one. FOLDER should be on the disk in
question; it is left with what was made.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import webdataset
from support.made_shards import make_shards
from support.taken import Taken, timed

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


def write(run: Path) -> Taken:
    """Write the shards of a run, as if it had not been done before."""
    shutil.rmtree(run / "shards", ignore_errors=True)
    record = json.loads((run / "run.json").read_text())
    record["phases"].pop("write", None)
    (run / "run.json").write_text(json.dumps(record))
    return timed(lambda: evenpair("write", run))


def webdataset_loop(shards: list[Path], out: Path) -> None:
    """Read every sample and write it again, as webdataset's documentation does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shard in shards:
            with webdataset.TarWriter(str(out / shard.name)) as sink:
                for sample in webdataset.WebDataset(str(shard), shardshuffle=False):
                    sink.write({k: v for k, v in sample.items() if k not in _LOCAL})


_LOCAL = ("__url__", "__local_path__")


def plain_copy(shards: list[Path], out: Path) -> None:
    subprocess.run(["cp", *map(str, shards), str(out)], check=True)


def into(copy: Callable[[list[Path], Path], None], shards: list[Path], out: Path) -> Taken:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return timed(lambda: copy(shards, out))


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
    ways: dict[str, Callable[[list[Path]], Taken]] = {
        "evenpair write": lambda some: write(runs[len(some)]),
        "webdataset loop": lambda some: into(webdataset_loop, some, out),
        "cp": lambda some: into(plain_copy, some, out),
    }
    slopes: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            slopes[name].append(way(shards).less(way(few)))
    for kind in Taken._fields:
        show(
            kind, {name: [getattr(t, kind) for t in taken] for name, taken in slopes.items()}, size
        )


def show(kind: str, slopes: dict[str, list[float]], size: int) -> None:
    print(f"by {kind}")
    rates = {name: size / statistics.median(times) for name, times in slopes.items()}
    for name, rate in rates.items():
        spread = ", ".join(f"{size / t / 1e6:.0f}" for t in slopes[name])
        print(f"  {name:16} {rate / 1e6:7.0f} MB/s   (rounds: {spread})")
    ours = rates["evenpair write"]
    print(f"  times the webdataset loop: {ours / rates['webdataset loop']:.1f}")
    print(f"  share of cp: {ours / rates['cp']:.0%}")


if __name__ == "__main__":
    main()
