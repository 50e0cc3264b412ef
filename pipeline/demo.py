"""The demo: pictures with known facts, and the whole job on them."""

from pathlib import Path

from ..models.load_captioner import DEMO
from ..scenes.shards import write_demo_shards
from ..storage import files
from .inputs.find_sources import find_sources
from .job import run_job
from .options.captioning_options import EnrichOptions
from .options.phase_options import JobOptions, ScoreOptions, SelectOptions, WriteOptions
from .runs.run import Run

_SHARD_SIZE = 100


def make_demo(out: str, pairs: int, seed: int) -> tuple[Path, bool]:
    """Draw the demo's shards below ``out``; return their folder, and whether they were new."""
    folder, truth = Path(out) / "shards-in", Path(out) / "truth.jsonl"
    before = truth.read_bytes() if truth.exists() else None
    if before is not None:
        files.remove(str(folder))
    write_demo_shards(folder, pairs=pairs, seed=seed, shard_size=_SHARD_SIZE)
    return folder, truth.read_bytes() != before


def run_demo(run: Run, shards: Path) -> None:
    """Run the whole job on the demo's shards, with the captioner that ships with evenpair."""
    options = JobOptions(
        score=ScoreOptions(inputs=(str(shards),)),
        enrich=EnrichOptions(captioner=DEMO),
        select=SelectOptions(keep_fraction=0.9),
        write=WriteOptions(),
    )
    run_job(run, find_sources(options.score.inputs), options)
