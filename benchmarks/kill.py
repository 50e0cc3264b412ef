"""What a kill -9 at random moments of a run changes, after a resume: nothing, if all is well.

    python benchmarks/kill.py FOLDER [--kills 50] [--samples 1600] [--seed 0]

The launcher alone is killed; workers that outlive it for a moment meet the resumed run. After each
kill every shard that looks finished must be, byte for byte.
"""

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from made_shards import make_shards

SHARD = 200
COMMAND = Path(sys.executable).with_name("evenpair")
UNTOLD = ("run.json", ".lock", "report.html")
"""Files that say when and where they were written, and what is no result."""


def command(shards: list[Path], out: Path) -> list[str]:
    options = ["--keep-fraction", "0.8", "--shard-size", "150", "--workers", "2"]
    return [str(COMMAND), "run", *map(str, shards), "--out", str(out), *options]


def run_whole(shards: list[Path], out: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command(shards, out), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def run_and_kill(shards: list[Path], out: Path, seconds: float) -> bool:
    """Return whether the run was killed before it ended."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command(shards, out), **pipes)
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
    done = [name for name in ("shards", "selection", "scores", "work") if (out / name).exists()]
    return done[0] if done else "nothing"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--samples", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    shards = make_shards(given.folder / "shards-kill", given.samples, SHARD)
    quiet = given.folder / "run-quiet"
    shutil.rmtree(quiet, ignore_errors=True)
    seconds = run_whole(shards, quiet)
    wanted = digests(quiet)
    moments = random.Random(given.seed)
    reached: dict[str, int] = {}
    wrong = broken = 0
    for kill in range(given.kills):
        out = given.folder / "run-killed"
        shutil.rmtree(out, ignore_errors=True)
        while not run_and_kill(shards, out, moments.uniform(0, seconds)):
            shutil.rmtree(out)
        broken += len(broken_shards(out, wanted))
        phase = phase_reached(out)
        reached[phase] = reached.get(phase, 0) + 1
        run_whole(shards, out)
        same = digests(out) == wanted
        wrong += not same
        print(f"{kill + 1}: killed with {phase} begun; {'the same' if same else 'OTHER'} bytes")
    print(f"a quiet run takes {seconds:.1f} s; killed with begun: {reached}")
    print(f"{given.kills} kills: {given.kills - wrong} times the same bytes, {wrong} times others")
    print(f"shards that looked finished after a kill and were not: {broken}")


if __name__ == "__main__":
    main()
