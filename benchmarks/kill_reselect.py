"""What kill -9 leaves of finished shards while others are selected and written: one of the two.

    python benchmarks/kill_reselect.py FOLDER [--kills 50] [--samples 400] [--seed 0]

``select`` and ``write`` replace the shards of a finished run, by two policies in turn, and are
killed at random moments. Half of the kills of ``write`` wait for its folder of new shards, so some
fall into the exchange of the two. After every kill ``shards`` must hold the files that one of the
policies gives when nobody disturbs it, and ``evenpair verify`` must find nothing.
"""

import argparse
import hashlib
import random
import shutil
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.made_shards import make_shards
from support.measured import EVENPAIR

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.options.phase_options import VerifyOptions
from evenpair.pipeline.verify.verify import verify

POLICIES = (("--keep-fraction", "0.8"), ("--keep-fraction", "0.5", "--shard-size", "60"))
ONE = ("--workers", "1")


def run(*arguments: object) -> float:
    start = time.perf_counter()
    command = [EVENPAIR, *map(str, arguments), *ONE]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def step(out: Path, phase: str, policy: int) -> list[str]:
    options = [*POLICIES[policy], "--overwrite"] if phase == "select" else []
    return [phase, str(out), *options]


def killed(arguments: list[str], begun: Path | None, seconds: float) -> bool:
    """Kill a command some time after ``begun`` is there; return whether that was before its end."""
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([EVENPAIR, *arguments, *ONE], **pipes)
    while begun and not begun.exists() and process.poll() is None:
        time.sleep(0.002)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def is_valid(folder: Path) -> bool:
    """Return whether ``evenpair verify`` finds nothing; called here, since its start takes long."""
    sources = find_sources((str(folder),))
    verdict = verify(sources, VerifyOptions(), lambda _: ThreadPoolExecutor(1), print)
    return verdict.findings == 0 and verdict.samples > 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    shards = make_shards(given.folder / "shards-reselect", given.samples, given.samples // 4)
    out = given.folder / "run-reselect"
    shutil.rmtree(out, ignore_errors=True)
    run("run", *shards, "--out", out, *POLICIES[1])
    wanted, seconds = [], {}
    for policy in (1, 0):
        seconds = {phase: run(*step(out, phase, policy)) for phase in ("select", "write")}
        wanted.append(digests(out / "shards"))
    moments = random.Random(given.seed)
    policy, phase = 1, "select"
    left: Counter[str] = Counter()
    kills: Counter[str] = Counter()
    while kills.total() < given.kills:
        begun = out / "shards.new" if phase == "write" and moments.random() < 0.5 else None
        wait = moments.uniform(0, seconds[phase] / 4 if begun else seconds[phase] * 1.6)
        if killed(step(out, phase, policy), begun, wait):
            kills[phase] += 1
            found = digests(out / "shards")
            whole = wanted.index(found) if found in wanted else None
            new = whole == (0 if policy == 1 else 1)
            name = "neither" if whole is None else "the new" if new else "the old"
            left[name if is_valid(out / "shards") else f"{name}, invalid"] += 1
            print(f"{kills.total()} kills {dict(kills)}: {dict(left)}", flush=True)
        elif phase == "select":
            phase = "write"
        else:
            phase, policy = "select", 1 - policy
    run(*step(out, "select", policy))
    run(*step(out, "write", policy))
    is_same = digests(out / "shards") == wanted[0 if policy == 1 else 1]
    print(f"{kills.total()} kills; after one more run the shards are the new ones: {is_same}")


if __name__ == "__main__":
    main()
