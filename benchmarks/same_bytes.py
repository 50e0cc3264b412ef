"""Two checkouts side by side: the bytes of the shards, rejections and selection that they write.

    git worktree add ../before REVISION
    python benchmarks/same_bytes.py ../before . $EVENPAIR_DATA [--workers 2]

Each checkout runs the job on the pictures of the demo and on photographs, without a captioner,
with the demo's captioner and with captions that people wrote, in several modes and formats. Every
file below ``shards/``, ``rejections/`` and ``selection/`` is compared. The exit status is 1 if any
file differs or is missing on one side; an empty folder is an error, for then nothing was compared.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

COMPARED = ("shards", "rejections", "selection")
START = """
import importlib, sys
module, function = sys.argv.pop(1), sys.argv.pop(1)
getattr(importlib.import_module(module), function)()
"""
WHERE = "import evenpair; print(evenpair.__file__)"

# Each job: its name, its commands, and its run directory below OUT. Words in capitals stand for
# paths. The first job draws the pictures that the second one reads.
JOBS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("demo, captioner", ("demo --out OUT --pairs 80",), "run"),
    ("demo, no captioner", ("run DEMO/shards-in --out OUT --keep-fraction 0.7",), ""),
    ("photographs, no captioner", ("run PHOTOS/*.tar --out OUT --keep-fraction 0.7",), ""),
    (
        "photographs, captioner",
        ("run PHOTOS/*.tar --out OUT --captioner demo --max-imbalance 0.8 --shard-size 10",),
        "",
    ),
    (
        "photographs as tables, captions from elsewhere, mode mix",
        (
            "run TABLES/*.parquet --out OUT --captions CAPTIONS --join sha256 --enrich-below 0.9"
            " --mode mix --unique-images --where width>=256 --min-bits 20 --format parquet",
        ),
        "",
    ),
    (
        "photographs, one phase after the other, mode append, then replace",
        (
            "score PHOTOS --out OUT --statistics prior --enrich-below 0.9",
            "enrich OUT --captions CAPTIONS --join sha256",
            "select OUT --mode append --max-object-share 0.5",
            "write OUT",
            "select OUT --mode replace --min-agreement 0.2 --keep-fraction 0.5 --rank-by width",
            "write OUT --check-images",
        ),
        "",
    ),
)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout of evenpair, and the folder that all its runs go to."""

    root: Path
    out: Path
    data: Path
    workers: int

    def start(self, *command: str) -> str:
        """Run ``command`` with this checkout's package; return its output.

        Raises RuntimeError if it fails.
        """
        environment = os.environ | {"PYTHONPATH": str(self._parent())}
        done = subprocess.run(
            [sys.executable, *command],
            env=environment,
            cwd=self.out,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            arguments = " ".join(command[2:])
            raise RuntimeError(f"{self.root}: {arguments}: {done.returncode}: {done.stderr}")
        return done.stdout

    def _parent(self) -> Path:
        """Return a folder in which this checkout is called ``evenpair``, as imports need it."""
        link = self.out / "site" / "evenpair"
        if not link.exists():
            link.parent.mkdir(parents=True)
            link.symlink_to(self.root, target_is_directory=True)
        return link.parent

    def check_import(self) -> None:
        """Raise RuntimeError if another package than this checkout would be imported."""
        package = Path(self.start("-c", WHERE).strip()).resolve().parent
        if package != self.root:
            raise RuntimeError(f"{self.root}: Python imports {package} instead")

    def run_job(self, number: int) -> Path:
        """Run the commands of a job; return its run directory."""
        _, commands, run = JOBS[number]
        out = self.out / str(number)
        paths = {
            "OUT": out,
            "DEMO": self.out / "0",
            "PHOTOS": self.data / "photos" / "webdataset",
            "TABLES": self.data / "photos" / "parquet",
            "CAPTIONS": self.out / "captions.jsonl",
        }
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        module, _, function = project["project"]["scripts"]["evenpair"].partition(":")
        for command in commands:
            arguments = [_with_paths(word, paths) for word in command.split()]
            workers = ("--workers", str(self.workers))
            self.start("-c", START, module, function, *arguments, *workers)
        return out / run


def _with_paths(word: str, paths: dict[str, Path]) -> str:
    name, slash, rest = word.partition("/")
    return f"{paths[name]}{slash}{rest}" if name in paths else word


def write_captions(data: Path, path: Path) -> None:
    """Write the second of each photograph's five human captions, with the photograph's sha256."""
    credits = json.loads((data / "photos" / "attribution.json").read_text(encoding="utf-8"))
    second = {credit["file_name"]: credit["captions"][1] for credit in credits}
    tables = [pq.read_table(path) for path in (data / "photos" / "webdataset").glob("*.parquet")]
    rows = [row for table in tables for row in table.to_pylist() if row["status"] == "success"]
    captions = [(row["sha256"], second[row["url"].rpartition("/")[2]]) for row in rows]
    lines = [json.dumps({"sha256": sha256, "caption": text}) for sha256, text in sorted(captions)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def hashes_of(run: Path) -> dict[str, str]:
    """Return the sha256 of every compared file by its path.

    Raises RuntimeError if a folder that is compared has no files.
    """
    hashes: dict[str, str] = {}
    for folder in COMPARED:
        paths = [path for path in sorted((run / folder).rglob("*")) if path.is_file()]
        if not paths:
            raise RuntimeError(f"{run / folder}: no files, so nothing can be compared")
        for path in paths:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            hashes[str(path.relative_to(run))] = digest
    return hashes


def compare(before: Checkout, after: Checkout, number: int) -> list[str]:
    """Run a job in both checkouts; print how they compare and return the files that differ."""
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda checkout: checkout.run_job(number), (before, after)))
    old, new = map(hashes_of, runs)
    differ = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    print(f"{JOBS[number][0]}: {len(old)} files, {len(differ)} differ", flush=True)
    for name in differ:
        missing = [run for run, hashes in zip(runs, (old, new), strict=True) if name not in hashes]
        print(f"  {name}: {f'not in {missing[0]}' if missing else 'other bytes'}", flush=True)
    return differ


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the runs here instead of deleting them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        out = (options.out or Path(temporary)).resolve()
        checkouts = []
        for name in ("before", "after"):
            folder = out / name
            folder.mkdir(parents=True)
            write_captions(options.data, folder / "captions.jsonl")
            root, data = getattr(options, name).resolve(), options.data.resolve()
            checkouts.append(Checkout(root, folder, data, options.workers))
            checkouts[-1].check_import()
        differ = [compare(checkouts[0], checkouts[1], number) for number in range(len(JOBS))]
    sys.exit(any(differ))


if __name__ == "__main__":
    main()
