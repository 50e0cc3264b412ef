"""How many bytes cross between stages, in each phase, for a million pairs.

    python benchmarks/shuffle.py DATA [--few 10000] [--many 40000]

Every phase runs in this process on Beam's own runner, which counts what goes into the buffers that
group, and into those that only pass on. Figures are slopes: what many pairs need less what few
need, so that what does not grow cancels. tests/end_to_end/test_what_crosses.py checks that no image
crosses.

Each is measured twice: with a run directory that is a folder, into which counts and compared values
are spilled, and as in an object store, where they cross themselves.
"""

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from apache_beam.runners.portability.fn_api_runner import execution
from support.made_captions import caption_shards
from support.made_shards import make_shards

from evenpair.runners.cli.command_line import evenpair
from evenpair.storage import spill

KINDS = {"grouped": execution.GroupingBuffer, "passed on": execution.ListBuffer}


def counting(counts: Counter[str], kind: str, append: Callable[..., None]) -> Callable[..., None]:
    def count(buffer: object, data: bytes) -> None:
        counts[kind] += len(data)
        append(buffer, data)

    return count


def run(*arguments: object) -> None:
    evenpair.main([*map(str, arguments), "--workers", "1"], standalone_mode=False, obj=())


def measure(data: Path, folder: Path, pairs: int) -> dict[str, Counter[str]]:
    """Return the bytes that cross in each phase of a run over ``pairs`` captions."""
    shards = caption_shards(folder / f"captions-{pairs}", data, pairs)
    out = folder / f"run-{pairs}"
    images = folder / f"run-images-{pairs}"
    run("score", *make_shards(folder / f"images-{pairs}", pairs // 10, 1000), "--out", images)
    run("select", images)
    phases = {
        "score": ("score", shards, "--out", out),
        "select": ("select", out, "--keep-fraction", 0.7),
        "write": ("write", images),
    }
    return {name: _crossed(command) for name, command in phases.items()}


def _crossed(command: tuple[object, ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    before = {kind: buffer.append for kind, buffer in KINDS.items()}
    for kind, buffer in KINDS.items():
        buffer.append = counting(counts, kind, before[kind])
    try:
        run(*command)
    finally:
        for kind, buffer in KINDS.items():
            buffer.append = before[kind]
    return counts


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--few", type=int, default=10_000)
    arguments.add_argument("--many", type=int, default=40_000)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp())
    print(f"MB for a million pairs, from {given.few} to {given.many}")
    for name, spills in (("a folder", spill.storage), ("an object store", _NOWHERE)):
        print(name)
        with patch.object(spill, "storage", spills):
            _show(given.data, folder / name, given.few, given.many)
    shutil.rmtree(folder)


_NOWHERE = SimpleNamespace(is_local=lambda _path: False)
"""A storage in which nothing can be spilled."""


def _show(data: Path, folder: Path, fewer: int, more: int) -> None:
    few, many = (measure(data, folder, pairs) for pairs in (fewer, more))
    for phase in few:
        share = 10 if phase == "write" else 1  # it had a tenth of the pairs
        millions = (more - fewer) / share / 1e6
        grown = {kind: (many[phase][kind] - few[phase][kind]) / millions / 1e6 for kind in KINDS}
        print(f"{phase:8s}" + "".join(f"{kind:>12s} {size:8.2f}" for kind, size in grown.items()))


if __name__ == "__main__":
    main()
