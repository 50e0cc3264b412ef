"""What a kill -9 at random moments of a run changes, after a resume: nothing, if all is well.

    python benchmarks/kill.py FOLDER [--kills 50] [--samples 1600] [--seed 0]

A run is killed and resumed until it ends before its next kill; then all of its files must be those
of a run that nobody disturbed, and the next run begins. After each kill every shard that looks
finished must be, byte for byte. One attempt in four has two workers, which outlive their launcher
for a moment and meet the next attempt; in the others all work is in the process that is killed. So
that no phase is spared, half of the kills wait for a phase to begin.
"""

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from support.made_shards import make_shards

SHARD = 200
COMMAND = Path(sys.executable).with_name("evenpair")
PHASES = ("shards", "selection", "scores")
"""What a run leaves, the last first; ``work`` is there before any of it."""

UNTOLD = ("run.json", ".lock", "report.html")
"""Files that say when and where they were written, and what is no result."""


def command(shards: list[Path], out: Path, workers: int) -> list[str]:
    options = ["--keep-fraction", "0.8", "--shard-size", "150", "--workers", str(workers)]
    return [str(COMMAND), "run", *map(str, shards), "--out", str(out), *options]


def run_whole(shards: list[Path], out: Path, workers: int) -> float:
    start = time.perf_counter()
    subprocess.run(command(shards, out, workers), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def run_and_kill(command: list[str], begun: Path | None, seconds: float) -> bool:
    """Kill a run some time after ``begun`` is there; return whether that was before its end."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **pipes)
    while begun and not begun.exists() and process.poll() is None:
        time.sleep(0.01)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def digests(out: Path) -> dict[str, str]:
    files = (path for path in sorted(out.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in UNTOLD
    }


def broken_shards(out: Path, wanted: dict[str, str]) -> list[str]:
    """Return the shards that have statistics and are not what they should be."""
    broken = []
    for path in (out / "shards").glob("*_stats.json"):
        stem = path.name.removesuffix("_stats.json")
        for name in (f"shards/{stem}.tar", f"shards/{stem}.parquet"):
            found = out / name
            if not found.exists() or wanted[name] != hashlib.sha256(found.read_bytes()).hexdigest():
                broken.append(name)
    return broken


def phase_reached(out: Path) -> str:
    done = [name for name in (*PHASES, "work") if (out / name).exists()]
    return done[0] if done else "nothing"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--samples", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    shards = make_shards(given.folder / "shards-kill", given.samples, SHARD)
    out = given.folder / "run-quiet"
    shutil.rmtree(out, ignore_errors=True)
    seconds = run_whole(shards, out, 1)
    wanted = digests(out)
    moments = random.Random(given.seed)
    out = given.folder / "run-killed"
    shutil.rmtree(out, ignore_errors=True)
    reached: Counter[str] = Counter()
    ends: list[bool] = []
    kills = broken = 0
    while kills < given.kills:
        workers = 2 if moments.random() < 0.25 else 1
        begun = moments.choice([None, None, None, *(out / name for name in PHASES)])
        wait = moments.uniform(0, seconds / 10 if begun else seconds)
        if run_and_kill(command(shards, out, workers), begun, wait):
            kills += 1
            reached[phase_reached(out)] += 1
            broken += len(broken_shards(out, wanted))
        else:
            ends.append(digests(out) == wanted)
            shutil.rmtree(out)
        print(
            f"{kills} kills, {len(ends)} runs ended, {ends.count(False)} of them with other bytes"
        )
    run_whole(shards, out, 1)
    ends.append(digests(out) == wanted)
    print(f"killed with begun: {dict(reached)}")
    print(f"{kills} kills of {len(ends)} runs: {ends.count(True)} ended with the same bytes")
    print(f"shards that looked finished after a kill and were not: {broken}")


if __name__ == "__main__":
    main()
