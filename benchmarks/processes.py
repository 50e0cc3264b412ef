"""How much faster two processes are than one, for ``score`` and for ``write``.

    python benchmarks/processes.py DATA FOLDER [--captions 200000] [--images 60000] [--rounds 3]

Whole commands as a user would run them, from start to end, one process and two by turns. By the
clock the figures say something where two cores are idle; by CPU time one process is held against
the launcher and the busier of its workers, which a busy machine changes less. Pairs are
in shards of 5,000, the images of 20 to 60 kB. What is read and written lies in FOLDER, which should
have room for the images twice; it keeps what was made.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from support.made_captions import caption_shards
from support.made_shards import make_shards
from support.measured import Cost, evenpair

IMAGES = 5000


def score(shards: Path, out: Path, workers: int) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    return evenpair("score", shards, "--out", out, "--workers", workers)


def selected_run(folder: Path, images: int) -> Path:
    """Return a run of so many images that has everything but its shards."""
    run = folder / f"selected-{images}"
    if not (run / "plan.parquet").exists():
        shards = make_shards(folder / "images", images, IMAGES)
        evenpair("score", *shards, "--out", run, "--statistics", "prior")
        evenpair("select", run, "--shard-size", IMAGES)
    return run


def write(run: Path, workers: int) -> Cost:
    """Write the shards of a run as if it had not been done before."""
    shutil.rmtree(run / "shards", ignore_errors=True)
    record = json.loads((run / "run.json").read_text())
    record["phases"].pop("write", None)
    (run / "run.json").write_text(json.dumps(record))
    return evenpair("write", run, "--workers", workers)


def compare(name: str, work: Callable[[int], Cost], rounds: int) -> None:
    """Print how long one process and two took, and how much faster two were in each round."""
    turns = [(work(1), work(2)) for _ in range(rounds)]
    show(f"{name}, by the clock", [(one.seconds, two.seconds) for one, two in turns])
    show(f"{name}, by CPU time", [(one.cpu_seconds, two.longest_seconds) for one, two in turns])


def show(name: str, turns: list[tuple[float, float]]) -> None:
    one, two = map(median, zip(*turns, strict=True))
    each = ", ".join(f"{first / second:.2f}" for first, second in turns)
    print(f"{name:20s} one process {one:6.1f} s, two {two:6.1f} s: {one / two:.2f} times ({each})")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--captions", type=int, default=200_000)
    arguments.add_argument("--images", type=int, default=60_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    shards = caption_shards(given.folder / f"captions-{given.captions}", given.data, given.captions)
    out = given.folder / "scored"
    compare("score", lambda workers: score(shards, out, workers), given.rounds)
    run = selected_run(given.folder, given.images)
    compare("write", lambda workers: write(run, workers), given.rounds)


if __name__ == "__main__":
    main()
