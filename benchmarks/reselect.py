"""Select among a million scored pairs again, with another threshold, and say how long it takes.

    python benchmarks/reselect.py [--rows 1000000] [--workers 2]

Scores of made-up pairs are laid out as ``evenpair score`` leaves them, 10,000 a shard; then
``evenpair select`` runs on them as a user would run it. The peer is DuckDB, reading the same tables
and writing one table of what ``--keep-fraction`` keeps: less than ``select`` does, in one process.
"""

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evenpair.pipeline.options.captioning_options import EnrichOptions
from evenpair.pipeline.options.phase_options import ScoreOptions
from evenpair.pipeline.runs.record import RunRecord, plain_options, save_record
from evenpair.schemas.facts import Attribute, Facts, Relation, facts_to_arrow
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.tables import SCORES
from evenpair.schemas.unit import Tally, with_tally
from evenpair.transforms.information.keep_statistics import (
    PRIOR,
    keep_statistics,
    load_statistics,
)

SHARD = 10_000
OBJECTS = "dog cat man woman car tree house bus table chair rug street boat horse cup".split()
ATTRIBUTES = "red small wooden old white striped shiny large green dark".split()
PREDICATES = ("on", "near", "behind", "lie on", "hold", "in front of", "with", "under")


def made_facts(draw: random.Random) -> Facts:
    objects = tuple(dict.fromkeys(draw.choices(OBJECTS, k=draw.randint(1, 4))))
    attributes = tuple(
        Attribute(o, draw.choice(ATTRIBUTES)) for o in objects if draw.random() < 0.6
    )
    relations = tuple(Relation(objects[0], draw.choice(PREDICATES), o) for o in objects[1:])
    return Facts(objects, attributes, relations)


def made_scores(number: int, rows: int) -> pa.Table:
    draw, noise = random.Random(number), np.random.default_rng(number)
    facts = [made_facts(draw) for _ in range(rows)]
    bits = np.array([8.0 * len(f) for f in facts]) + noise.random(rows)
    said = [" ".join([*f.objects, *(a for _, a in f.attributes)]) + " for sale" for f in facts]
    columns = {
        "uid": [f"{draw.getrandbits(128):032x}" for _ in range(rows)],
        "shard": [f"{number:05d}"] * rows,
        "key": [f"{number:05d}{i:04d}" for i in range(rows)],
        "url": [f"https://example.invalid/{number}/{i}.jpg" for i in range(rows)],
        "sha256": [f"{draw.getrandbits(256):064x}" for _ in range(rows)],
        "caption": said,
        "language": ["en"] * rows,
        "words": [len(s.split()) for s in said],
        "width": [512] * rows,
        "height": [384] * rows,
        "object_bits": bits / 2,
        "attribute_bits": bits / 4,
        "relation_bits": bits / 4,
        "information_bits": bits,
        "visible_bits": bits,
        "object_share": np.full(rows, 0.5),
        "imbalance": np.maximum(0, 1 - bits / 100),
        "sparse": bits < 50,
    }
    lists = dict(zip(("objects", "attributes", "relations"), facts_to_arrow(facts), strict=True))
    arrays = [lists.get(f.name, columns.get(f.name)) for f in SCORES]
    table = pa.table([pa.array(a, f.type) for a, f in zip(arrays, SCORES, strict=True)], SCORES)
    return table.append_column("punsafe", pa.array(noise.random(rows)))


def make_run(root: Path, rows: int) -> None:
    """Lay out a run that is scored."""
    shards = [SHARD] * (rows // SHARD)
    (root / "scores").mkdir(parents=True)
    for number, size in enumerate(shards):
        table = with_tally(made_scores(number, size), Tally(size))
        pq.write_table(table, root / "scores" / f"{number:05d}.parquet", compression="zstd")
    numbers = range(len(shards))
    names = [f"{n:05d}" for n in numbers]
    sources = {"number": pa.array(numbers, pa.int32()), "name": names, "path": names}
    pq.write_table(pa.table(sources), root / "sources.parquet")
    keep_statistics(load_statistics(PRIOR), str(root / "statistics.parquet"))
    record = RunRecord()
    for phase, options in ((Phase.SCORE, ScoreOptions()), (Phase.ENRICH, EnrichOptions())):
        record = record.with_phase(phase, plain_options(options), done=True)
    save_record(RunDirectory(str(root)), record)


def select(root: Path, workers: int, *options: str) -> float:
    command = [str(Path(sys.executable).with_name("evenpair")), "select", str(root), *options]
    started = time.perf_counter()
    subprocess.run([*command, "--workers", str(workers)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def peer(root: Path, folder: Path) -> float:
    """Rank the same tables in DuckDB and write what is kept."""
    started = time.perf_counter()
    scores = f"read_parquet('{root}/scores/*.parquet')"
    duckdb.sql(
        f"copy (select uid, shard, key, caption, imbalance from {scores} where punsafe < 0.9 "
        f"order by imbalance, uid limit 630000) to '{folder}/kept.parquet'"
    )
    return time.perf_counter() - started


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--keep", type=Path, help="Make the run here, and leave it.")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp())
    root = given.keep or folder / "run"
    if not root.exists():
        make_run(root, given.rows)
    first = select(root, given.workers, "--keep-fraction", "0.7")
    again = select(root, given.workers, "--keep-fraction", "0.6")
    where = ["--where", "punsafe < 0.9 and width >= 256", "--unique-images"]
    full = select(root, given.workers, "--keep-fraction", "0.7", *where)
    other = peer(root, folder)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{given.rows} rows, {given.workers} workers")
    print(f"select --keep-fraction 0.7                     {first:6.1f} s")
    print(f"again, with --keep-fraction 0.6                {again:6.1f} s")
    print(f"again, with --where and --unique-images        {full:6.1f} s")
    print(f"DuckDB, ranking alone                          {other:6.1f} s")
    print(f"largest process                                {memory:6.0f} MB")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
