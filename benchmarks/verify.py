"""How fast ``verify`` is, beside bare loops that decode the same images and read the same bytes.

    python benchmarks/verify.py FOLDER [--rounds 3] [--few 4000] [--many 20000]

The loops know where every image lies, and use as many processes as ``verify``. Every figure is a
slope: the time for many samples less the time for few, so that what processes take to start
cancels; by CPU time, which a busy machine changes least, and by the clock. The system is asked to
forget the files before each, so that they come from the disk. FOLDER is the one of
benchmarks/write.py, or an empty one. ``--no-decode`` leaves out what decodes.
"""

import argparse
import functools
import io
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image
from support.made_shards import make_shards
from support.taken import Taken, timed

from evenpair.schemas.tar import read_members

SHARD = 4000
CORES = len(os.sched_getaffinity(0))
COMMAND = Path(sys.executable).with_name("evenpair")

Place = tuple[str, int, int]


def verify(shards: list[Path], *options: str) -> None:
    command = [str(COMMAND), "verify", *map(str, shards), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def image_places(shard: Path) -> list[Place]:
    archive = shard.read_bytes()
    members = (member for member in read_members(archive) if member.name.endswith(".jpg"))
    return [(str(shard), member.offset, member.size) for member in members]


def decode_some(places: list[Place]) -> None:
    path = ""
    for name, offset, size in places:
        if name != path:
            file, path = open(name, "rb"), name  # noqa: SIM115 - closed with the process
        file.seek(offset)
        Image.open(io.BytesIO(file.read(size))).convert("RGB")


def read_whole(path: Path) -> None:
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def forget(paths: list[Path]) -> None:
    """Have the system drop what it keeps of files in memory."""
    os.sync()
    for path in paths:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed_from_disk(way: Callable[[list[Path]], object], shards: list[Path]) -> Taken:
    forget(shards)
    return timed(functools.partial(way, shards))


def in_processes(function: Callable[[Any], None], work: Sequence[Any]) -> None:
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        list(pool.map(function, work))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--few", type=int, default=4000)
    parser.add_argument("--many", type=int, default=20000)
    parser.add_argument("--no-decode", action="store_true")
    given = parser.parse_args()
    shards = make_shards(given.folder / "shards-in", max(given.many, 40000), SHARD)
    many, few = shards[: given.many // SHARD], shards[: given.few // SHARD]
    places = {shard: image_places(shard) for shard in many}

    def decode(some: list[Path]) -> None:
        flat = [place for shard in some for place in places[shard]]
        in_processes(decode_some, [flat[at : at + 64] for at in range(0, len(flat), 64)])

    decoding: dict[str, Callable[[list[Path]], object]] = {
        "verify": verify,
        "decoding loop": decode,
    }
    ways = ({} if given.no_decode else decoding) | {
        "verify --no-decode": lambda some: verify(some, "--no-decode"),
        "reading, all cores": lambda some: in_processes(read_whole, some),
        "reading, one core": lambda some: list(map(read_whole, some)),
    }
    slopes: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            whole = timed_from_disk(way, many)
            slopes[name].append(whole.less(timed_from_disk(way, few)))
    size = sum(path.stat().st_size for path in many[len(few) :])
    for kind in Taken._fields:
        show(
            kind, {name: [getattr(t, kind) for t in taken] for name, taken in slopes.items()}, size
        )


def show(kind: str, slopes: dict[str, list[float]], size: int) -> None:
    print(f"by {kind}")
    rates = {name: size / statistics.median(times) for name, times in slopes.items()}
    for name, rate in rates.items():
        spread = ", ".join(f"{size / t / 1e6:.0f}" for t in slopes[name])
        print(f"  {name:20} {rate / 1e6:7.0f} MB/s   (rounds: {spread})")
    if "verify" in rates:
        print(f"  verify, of the decoding loop: {rates['verify'] / rates['decoding loop']:.0%}")
    for way in ("reading, all cores", "reading, one core"):
        print(f"  verify --no-decode, of {way}: {rates['verify --no-decode'] / rates[way]:.0%}")


if __name__ == "__main__":
    main()
