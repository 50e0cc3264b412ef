"""What ``enrich`` costs besides the model: images read and decoded, answers kept and parsed.

    python benchmarks/besides_captioning.py DATA FOLDER [--few 5000] [--many 20000]

The captioner answers at once, with captions that people wrote of regions. Every image is asked for:
of 20 to 60 kB, in shards of 5,000. Figures are slopes, by the CPU time of one process.
"""

import argparse
import itertools
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from processes import IMAGES
from support.made_captions import make_captions
from support.made_shards import make_shards

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.options.captioning_options import EnrichOptions
from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.pipeline.options.phase_options import ScoreOptions
from evenpair.pipeline.phases.enrich import caption
from evenpair.pipeline.phases.prepare import prepare
from evenpair.pipeline.phases.score import score
from evenpair.runners.cli.open_run import open_run
from evenpair.transforms.captioners.captioner import Answer, CaptionerId

NOBODY = CaptionerId("nobody", "", "")


@dataclass
class Chosen:
    """A captioner as a run chooses it."""

    load: Callable[[], "Ready"]
    captioner_id: CaptionerId = NOBODY
    is_service: bool = False


class Ready:
    """A captioner that has its answers already."""

    name, captioner_id = NOBODY.model, NOBODY
    batch_size = 32
    calls = 1

    def __init__(self, captions: Sequence[str]) -> None:
        self._captions: Iterator[str] = itertools.cycle(captions)

    def prepare(self, images: Sequence[Any]) -> int:
        return len(images)

    def caption(self, prepared: int) -> list[Answer]:
        return [Answer(next(self._captions), None, False) for _ in range(prepared)]


def enrich(folder: Path, captions: Sequence[str], images: int) -> float:
    """Enrich a fresh run over so many images and return the CPU seconds."""
    root = str(folder / "enriched")
    shutil.rmtree(root, ignore_errors=True)
    sources = find_sources(tuple(map(str, make_shards(folder / "images", images, IMAGES))))
    with open_run(root, EngineOptions(workers=1), begin=True) as run:
        options = ScoreOptions(statistics="prior", enrich_below=1.0)
        score(run, sources, options, prepare(run, score=options, sources=sources))
        started = time.process_time()
        captioner = Chosen(partial(Ready, captions))
        caption(run, EnrichOptions(captioner=NOBODY.model), captioner)
        return time.process_time() - started


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--few", type=int, default=5_000)
    arguments.add_argument("--many", type=int, default=20_000)
    given = arguments.parse_args()
    captions = make_captions(given.data, 10_000)[::2]
    few, many = (enrich(given.folder, captions, size) for size in (given.few, given.many))
    each = (many - few) / (given.many - given.few)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{each * 1e3:.2f} ms of CPU time an image, {each * 1e6 / 3600:.2f} core hours a million")
    print(f"largest process {memory:.0f} MB")


if __name__ == "__main__":
    main()
