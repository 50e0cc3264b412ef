"""Time and memory of ``score``, ``select`` and ``write`` as functions of the number of pairs.

    python benchmarks/sizes.py DATA FOLDER [--pairs 10000 100000 1000000] [--images 10000 100000]

Whole commands with two workers, from start to end; numbers of images are multiples of 5,000. After
the figures of each size stand the ratios to the size before: ten times the pairs should take at
most eleven times the time, and no more memory.
Then the cost of a million pairs: the largest size less the smallest, so that start-up cancels.
``score`` has captions alone, and what they say grows with their number; ``select`` keeps 0.7 of
what ``score`` left; ``write`` copies images of 20 to 60 kB. FOLDER keeps what was made.
"""

import argparse
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from processes import selected_run, write
from support.made_captions import caption_shards
from support.measured import Cost, evenpair

WORKERS = 2
NAMES = [field.name for field in fields(Cost)]


def score(folder: Path, data: Path, pairs: int) -> Cost:
    shards = caption_shards(folder / f"captions-{pairs}", data, pairs)
    shutil.rmtree(folder / f"scored-{pairs}", ignore_errors=True)
    out = folder / f"scored-{pairs}"
    return evenpair("score", shards, "--out", out, "--workers", WORKERS)


def select(folder: Path, pairs: int) -> Cost:
    run = folder / f"scored-{pairs}"
    return evenpair("select", run, "--keep-fraction", 0.7, "--workers", WORKERS)


def show(name: str, sizes: list[int], work: Callable[[int], Cost]) -> None:
    """Print what each size costs, how that grows, and what a million more pairs cost."""
    print(f"\n{name:12s}" + "".join(f"{name:>14s}" for name in NAMES))
    costs: list[Cost] = []
    for size in sizes:
        costs.append(work(size))
        print(_row(f"{size}", [f"{value:.1f}" for value in _values(costs[-1])]), flush=True)
    for at in range(1, len(sizes)):
        pairs = zip(_values(costs[at]), _values(costs[at - 1]), strict=True)
        growth = f"{sizes[at] / sizes[at - 1]:g} times"
        print(_row(growth, [f"x {after / before:.2f}" for after, before in pairs]))
    if len(sizes) > 1:
        millions = (sizes[-1] - sizes[0]) / 1e6
        more = _values(costs[-1] - costs[0])
        per_million = [f"{value / millions:.1f}" for value in more]
        print(_row("a million", [*per_million[:2], "", "", *per_million[4:]]))


def _values(cost: Cost) -> list[float]:
    return [getattr(cost, name) for name in NAMES]


def _row(name: str, values: list[str]) -> str:
    return f"{name:12s}" + "".join(f"{value:>14s}" for value in values)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--pairs", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    arguments.add_argument("--images", type=int, nargs="*", default=[10_000, 100_000])
    given = arguments.parse_args()
    folder = given.folder
    for images in given.images:
        selected_run(folder, images)
    show("score", given.pairs, lambda pairs: score(folder, given.data, pairs))
    show("select", given.pairs, lambda pairs: select(folder, pairs))
    show("write", given.images, lambda images: write(selected_run(folder, images), WORKERS))


if __name__ == "__main__":
    main()
