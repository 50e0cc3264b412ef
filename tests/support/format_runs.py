"""Whole runs over inputs of any format, and what they leave."""

import pyarrow.parquet as pq

from evenpair.schemas.tables import ACCOUNTING

from .commands import call
from .shards import read_shards


def run(source, out, *options, workers=1):
    """Run the whole job by the shipped statistics."""
    fixed = ("--out", out, "--statistics", "prior", "--workers", workers)
    return call("run", source, *fixed, *options)


def details_of(out):
    tables = [pq.read_table(path) for path in sorted((out / "rejections").glob("*.parquet"))]
    return {row["key"]: row["detail"] for table in tables for row in table.to_pylist()}


def accounts_of(out):
    return pq.read_table(out / "accounting.parquet", schema=ACCOUNTING).to_pylist()


def written(out):
    """Return caption and image of each written sample."""
    return [(s["txt"].decode(), s.get("jpg") or s.get("png")) for s in read_shards(out / "shards")]
