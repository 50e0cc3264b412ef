"""Captions a CPU second of the whole score phase, as a share of the bare parser's.

    python benchmarks/score.py CAPTIONS.csv [--captions 40000] [--rounds 3] [--workers 1]

Made-up shards carry the captions (a tar without images beside its complete parquet), and
``evenpair score`` runs on them as a user would run it: language, facts, counts, bits, level,
tables. The peer is the parser alone in one process, model loaded, on the same captions in the
same order. Both are run by turns, and told by CPU time, which a busy machine changes least.
Start-up (Beam, spaCy) is measured with a shard of ten captions and taken off, for it does not
grow; the share with it is printed too. The largest resident size of a process is printed for two
sizes of the data: it must not grow.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq

from evenpair.models.load_parser import load_parser
from evenpair.transforms.facts.parse_captions import parse_captions

SHARD = 5_000
MEASURE = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
    "stdout=subprocess.DEVNULL); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)"
)


def read_captions(path: Path, count: int) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    return [captions[at % len(captions)] for at in range(count)]


def make_shards(folder: Path, captions: list[str]) -> None:
    folder.mkdir()
    for number, start in enumerate(range(0, len(captions), SHARD)):
        part = captions[start : start + SHARD]
        keys = [f"{number:05d}{at:04d}" for at in range(len(part))]
        urls = [f"https://example.invalid/{key}.jpg" for key in keys]
        columns = {"caption": part, "key": keys, "status": ["success"] * len(part), "url": urls}
        path = folder / f"{number:05d}"
        tarfile.open(path.with_suffix(".tar"), "w").close()
        pq.write_table(pa.table(columns), path.with_suffix(".parquet"))
        counts = {"count": len(part), "successes": len(part)}
        path.with_name(f"{path.name}_stats.json").write_text(json.dumps(counts))


def score(folder: Path, workers: int) -> tuple[float, int]:
    """Score the shards in a folder; return the CPU seconds and the largest process in MB."""
    out = folder.with_name(f"{folder.name}-run")
    shutil.rmtree(out, ignore_errors=True)
    evenpair = str(Path(sys.executable).with_name("evenpair"))
    command = [evenpair, "score", str(folder), "--out", str(out)]
    measured = [sys.executable, "-c", MEASURE, *command, "--workers", str(workers)]
    done = subprocess.run(measured, check=True, capture_output=True, text=True)
    seconds, size = done.stdout.split()[-2:]
    return float(seconds), int(size)


def parse(captions: list[str]) -> float:
    nlp = load_parser()
    list(parse_captions(nlp, captions[:100]))
    started = time.process_time()
    for _ in parse_captions(nlp, captions):
        pass
    return time.process_time() - started


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("captions", type=Path)
    arguments.add_argument("--captions", dest="count", type=int, default=40_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--workers", type=int, default=1)
    given = arguments.parse_args()
    captions = read_captions(given.captions, given.count)
    folder = Path(tempfile.mkdtemp())
    sizes = {"few": captions[:10], "half": captions[: len(captions) // 2], "all": captions}
    for name, part in sizes.items():
        make_shards(folder / name, part)
    parsed: list[float] = []
    scored: dict[str, list[tuple[float, int]]] = {name: [] for name in sizes}
    for _ in range(given.rounds):
        parsed.append(parse(captions))
        for name, done in scored.items():
            done.append(score(folder / name, given.workers))
    bare = median(parsed)
    few, whole = (median(seconds for seconds, _ in scored[name]) for name in ("few", "all"))
    memory = {name: max(size for _, size in done) for name, done in scored.items()}
    count = len(captions)
    print(f"{count} captions, {given.workers} worker(s), median of {given.rounds} rounds by turns")
    for name, seconds in (("bare parser", bare), ("score, start-up off", whole - few)):
        print(f"{name:20s}{count / seconds:8.0f} captions/CPU s ({bare / seconds:.0%})")
    print(f"score, all of it    {count / whole:8.0f} captions/CPU s ({bare / whole:.0%})")
    print(f"largest process    {memory['half']} MB for half of them, {memory['all']} MB for all")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
