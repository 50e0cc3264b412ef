"""What Beam adds to the score phase, beside a plain loop over the same functions.

    python benchmarks/overhead.py DATA [--captions 100000] [--rounds 3]

The loop reads captions, finds facts, counts them, measures bits, marks what is sparse and writes
the tables, shard by shard in one process, and holds everything in memory meanwhile: no table lies
between its steps, and it cannot go on where it stopped. ``evenpair score --workers 1`` runs on the
same shards. Both are processes measured from start to end, by turns, and must write the same rows.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq
from support.made_captions import caption_shards
from support.measured import Cost, evenpair, measure

from evenpair.models.load_parser import load_parser
from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.options.phase_options import ENRICH_BELOW
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.statistics import events_of_statistics, full_level_of
from evenpair.transforms.facts.find_facts import find_facts
from evenpair.transforms.information.count_facts import count_unit
from evenpair.transforms.information.event_tables import EventSum
from evenpair.transforms.information.keep_statistics import (
    PRIOR,
    keep_events,
    load_model,
    load_table,
)
from evenpair.transforms.information.mark_sparse import mark_sparse
from evenpair.transforms.information.measure_information import measure_information
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.units import keep_unit

LOOP = "import overhead, sys; overhead.plain_loop(*sys.argv[1:])"


def plain_loop(folder: str, out: str) -> None:
    """Score the shards of ``folder`` without Beam."""
    run, nlp, counts = RunDirectory(out), load_parser(), EventSum()
    prior = load_table(PRIOR)
    counts.add(events_of_statistics(prior))
    units = []
    for source in find_sources((folder,)):
        units.append(find_facts(read_captions(source), nlp))
        counts.add(count_unit(units[-1]))
    level = full_level_of(prior.schema)
    model = load_model(keep_events(counts.total(), level, run.statistics))
    for unit in units:
        measured = measure_information(unit, model)
        scored = mark_sparse(measured, full_level=level, enrich_below=ENRICH_BELOW)
        keep_unit(scored, run, RunTable.SCORES)


def tables(out: Path) -> list[object]:
    paths = sorted((out / "scores").glob("*.parquet"))
    return [pq.read_table(path).replace_schema_metadata(None) for path in paths]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--captions", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp())
    shards = caption_shards(folder / "shards", given.data, given.captions)
    loops: list[Cost] = []
    scores: list[Cost] = []
    os.environ["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), *sys.path[:1]])
    for _ in range(given.rounds):
        for out in (folder / "loop", folder / "run"):
            shutil.rmtree(out, ignore_errors=True)
        loops.append(measure([sys.executable, "-c", LOOP, str(shards), str(folder / "loop")]))
        scores.append(evenpair("score", shards, "--out", folder / "run", "--workers", 1))
    same = tables(folder / "loop") == tables(folder / "run")
    print(f"{given.captions} captions, {given.rounds} rounds by turns, the same rows: {same}")
    show("CPU seconds", [c.cpu_seconds for c in loops], [c.cpu_seconds for c in scores])
    show("seconds", [c.seconds for c in loops], [c.seconds for c in scores])
    shutil.rmtree(folder)


def show(name: str, loops: list[float], scores: list[float]) -> None:
    loop, score = median(loops), median(scores)
    rounds = ", ".join(f"{b / a - 1:.0%}" for a, b in zip(loops, scores, strict=True))
    print(f"{name:12s} loop {loop:7.1f}  score {score:7.1f}  Beam adds {score / loop - 1:.1%}")
    print(f"             in each round {rounds}")


if __name__ == "__main__":
    main()
