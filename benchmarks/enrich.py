"""Images a second of the enrich phase, as a share of a bare loop of the same model.

    python benchmarks/enrich.py blip-base --images 24 --new-tokens 4 --batch-size 4
    python benchmarks/enrich.py demo --images 4000
    python benchmarks/enrich.py qwen-7b --device cuda --images 4000 --batch-size 16,32,64

MODEL is one that is made here, of true size with random weights and a fixed number of new tokens
(blip-base, blip2-2.7b, qwen-3b, qwen-7b), or what ``--captioner`` takes. The peer is a loop over
batches of the same size whose images lie decoded in memory; for a small model, of which decoding
and parsing are a good part, it decodes and parses too (``--whole-peer``, the default for ``demo``).
Both are run by turns. Start-up (Beam, the model, the parser) is measured with one batch a shard and
taken off, for it does not grow. The ratio of the CPU time is printed too, which a busy machine
changes least. Memory is the largest resident size of a process, and on a GPU what torch has taken.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median

from PIL import Image
from support.made_shards import make_shards

from evenpair.models.load_captioner import DEMO, demo_captioner_path
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.source import Source
from evenpair.transforms.captioners.answer_images import MAX_SIDE
from evenpair.transforms.captioners.captioner import Answer, Captioner
from evenpair.transforms.captioners.find_model import find_model
from evenpair.transforms.captioners.load_captioner import ChosenModel, load_captioner
from evenpair.transforms.captioners.wait_passively import wait_passively
from evenpair.transforms.enrich.check_caption import check_caption
from evenpair.transforms.read.decode_image import decode_image
from evenpair.transforms.read.read_images import read_images

SHARD = 1_000
TRUE_SIZE = ("blip-base", "blip2-2.7b", "qwen-3b", "qwen-7b")
MEASURE = (
    "import resource, subprocess, sys, time; begun = time.monotonic(); "
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    "taken = time.monotonic() - begun; used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(taken, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What some images took: seconds, seconds of a CPU, and megabytes."""

    wall: float
    cpu: float
    megabytes: int
    gpu_megabytes: int = 0


def evenpair(*arguments: object) -> Cost:
    command = [str(Path(sys.executable).with_name("evenpair")), *map(str, arguments)]
    measured = [sys.executable, "-c", MEASURE, *command]
    done = subprocess.run(measured, check=True, capture_output=True, text=True)
    wall, cpu, megabytes = done.stdout.split()[-3:]
    return Cost(float(wall), float(cpu), int(megabytes))


def scored(folder: Path, shards: Sequence[Path]) -> Path:
    """Score shards so that every caption is sparse."""
    evenpair("score", *shards, "--out", folder, "--enrich-below", 1)
    return folder


def enrich(run: Path, given: argparse.Namespace, batch_size: int) -> Cost:
    """Caption a copy of a scored run, from its beginning to its end."""
    out = shutil.copytree(run, run.with_name(f"{run.name}-enriched"))
    options = ("--captioner", given.model, "--batch-size", batch_size)
    cost = evenpair("enrich", out, *options, "--max-new-tokens", given.new_tokens)
    shutil.rmtree(out)
    return cost


def chosen_model(given: argparse.Namespace, batch_size: int) -> ChosenModel:
    path = demo_captioner_path() if given.model == DEMO else given.model
    found = find_model(given.model, path)
    threads = os.cpu_count() or 1
    prompt = found.default_prompt
    return ChosenModel(found, prompt, batch_size, given.new_tokens, threads=threads)


def loop(given: argparse.Namespace, shards: Sequence[Path], batch_size: int) -> Cost:
    """Ask the model about every image, one batch after the other; the first is for warming up."""
    captioner = load_captioner(chosen_model(given, batch_size))
    contents = [content for content in _contents(shards) if isinstance(content, bytes)]
    batches = [contents[at : at + batch_size] for at in range(0, len(contents), batch_size)]
    if given.whole_peer:
        from evenpair.models.load_parser import load_parser

        work = whole_work(captioner, load_parser(), batches)
    else:
        work = bare_work(captioner, batches)
    next(work)
    begun, before = time.monotonic(), getrusage(RUSAGE_SELF)
    for _ in work:
        pass
    wall, after = time.monotonic() - begun, getrusage(RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss // 1024, _gpu_megabytes())


def bare_work(captioner: Captioner, batches: Sequence[Sequence[bytes]]) -> Iterator[None]:
    decoded = [[decode_image(content, MAX_SIDE) for content in batch] for batch in batches]
    for images in decoded:
        _ask(captioner, images)
        yield


def whole_work(captioner: Captioner, nlp, batches: Sequence[Sequence[bytes]]) -> Iterator[None]:
    from evenpair.transforms.enrich.find_generated_facts import find_parts

    for batch in batches:
        images = [decode_image(content, MAX_SIDE) for content in batch]
        answers = _ask(captioner, images)
        said = [check_caption(a.text or "", is_cut=a.is_cut)[0] for a in answers]
        for _ in find_parts(nlp, said):
            pass
        yield


def _ask(captioner: Captioner, images: Sequence[Image.Image]) -> list[Answer]:
    return captioner.caption(captioner.prepare(images))


def _contents(shards: Sequence[Path]) -> Iterator[object]:
    for number, path in enumerate(shards):
        for _, content in read_images(Source(number, path.stem, str(path)), _Everything()):
            yield content


class _Everything:
    def __contains__(self, key: object) -> bool:
        return True


def _gpu_megabytes() -> int:
    import torch

    return torch.cuda.max_memory_allocated() >> 20 if torch.cuda.is_available() else 0


def measure(given: argparse.Namespace, folder: Path, batch_size: int) -> None:
    """Measure both at one size of a batch, by turns, and print what came of it."""
    few = batch_size * -(-given.images // SHARD)
    scored(folder / f"few-{few}", shards_for(given, few, batch_size))
    peers, begun, whole = [], [], []
    for _ in range(given.rounds):
        peers.append(_in_own_process(given, batch_size))
        begun.append(enrich(folder / f"few-{few}", given, batch_size))
        whole.append(enrich(folder / "all", given, batch_size))
    print(f"\n{given.name}, batches of {batch_size}, {given.images} images, {given.rounds} rounds")
    print("           images/s   a CPU second")
    rates = []
    for name, images, costs, start in (
        ("loop", given.images - batch_size, peers, [Cost(0, 0, 0)] * given.rounds),
        ("enrich", given.images - few, whole, begun),
    ):
        pairs = list(zip(costs, start, strict=True))
        wall = images / median(cost.wall - first.wall for cost, first in pairs)
        cpu = images / median(cost.cpu - first.cpu for cost, first in pairs)
        size = max(cost.megabytes for cost in costs)
        print(f"  {name:8s}{wall:9.2f}{cpu:15.2f}   largest process {size} MB")
        rates.append((wall, cpu))
    (loop_wall, loop_cpu), (wall, cpu) = rates
    print(f"  ratio   {wall / loop_wall:9.1%}{cpu / loop_cpu:15.1%}")
    if taken := max(peer.gpu_megabytes for peer in peers):
        print(f"  GPU memory of the loop: {taken} MB")


def shards_for(given: argparse.Namespace, count: int, size: int) -> list[Path]:
    """Return shards of so many images, made if need be; the demo model gets what it can read."""
    kind = "scenes" if given.name == DEMO else "photos"
    folder = Path(given.folder) / f"{kind}-{count}-{size}"
    if given.name != DEMO:
        return make_shards(folder, count, size)
    if not folder.exists():
        write_demo_shards(folder, count, 0, size)
    return sorted(folder.glob("*.tar"))


def _in_own_process(given: argparse.Namespace, batch_size: int) -> Cost:
    """Run the loop in a process of its own, so that it starts as clean as the phase."""
    command = [sys.executable, __file__, *sys.argv[1:], "--peer", str(batch_size)]
    done = subprocess.run(
        [*command, "--folder", given.folder], check=True, capture_output=True, text=True
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("--images", type=int, default=48)
    arguments.add_argument("--batch-size", default="16")
    arguments.add_argument("--new-tokens", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments.add_argument("--whole-peer", action="store_true")
    arguments.add_argument("--folder", default="", help="Where shards and models are kept.")
    arguments.add_argument("--peer", type=int, default=0, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    given.whole_peer |= given.model == DEMO
    given.name = given.model
    wait_passively()
    if given.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    kept = given.folder or tempfile.mkdtemp()
    given.folder, folder = kept, Path(kept)
    folder.mkdir(parents=True, exist_ok=True)
    if given.model in TRUE_SIZE:
        from true_size import make_model  # not before threads were told to wait passively

        given.model = str(make_model(given.model, folder, given.new_tokens))
    shards = shards_for(given, given.images, SHARD)
    if given.peer:
        cost = loop(given, shards, given.peer)
        print(json.dumps({name: getattr(cost, name) for name in Cost.__slots__}))
        return
    scored(folder / "all", shards)
    for batch_size in map(int, given.batch_size.split(",")):
        measure(given, folder, batch_size)


if __name__ == "__main__":
    main()
