"""The whole job on real photographs, as img2dataset downloaded them."""

import json
import math

import pyarrow.parquet as pq
import pytest

from ..support.commands import call, spawn
from ..support.messages import numbers_in, unnamed
from ..support.shards import read_shards, read_tar, reasons_of, tree_bytes

pytestmark = pytest.mark.slow

FRACTION = 0.7


@pytest.fixture(scope="module")
def ended(photographs, tmp_path_factory):
    """The answer of the command, and its run directory."""
    out = tmp_path_factory.mktemp("photographs") / "run"
    command = ("run", f"{photographs}/*.tar", "--out", out, "--keep-fraction", FRACTION)
    return spawn(*command), out


@pytest.fixture(scope="module")
def sources(photographs):
    """Every pair of the source: its row of the parquet and its members, by key."""
    archives = [read_tar(path) for path in sorted(photographs.glob("*.tar"))]
    members = {name: content for archive in archives for name, content in archive.items()}
    tables = [pq.read_table(path) for path in sorted(photographs.glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    return {
        row["key"]: row | {end: members[f"{row['key']}.{end}"] for end in ("jpg", "json", "txt")}
        for row in rows
        if row["status"] == "success"
    }


def test_it_succeeds_and_prints_counts_measures_and_paths(ended, sources):
    answer, out = ended
    assert (answer.status, answer.err) == (0, "")
    kept = math.floor(FRACTION * len(sources) + 0.5)
    pairs, rejected, *measures, shards, report = answer.out.splitlines()
    assert (numbers_in(pairs), numbers_in(rejected)) == (
        [len(sources), kept],
        [len(sources) - kept],
    )
    assert rejected.endswith(" keep-fraction")
    assert unnamed("\n".join(measures), "bits", "imbalance", "object share") == []
    assert (shards.split(), report.split()) == (
        ["shards", f"{out}/shards"],
        ["report", f"{out}/report.html"],
    )


def test_webdataset_reads_the_shards_back(ended, sources):
    _, out = ended
    samples = read_shards(out / "shards")
    assert len(samples) == math.floor(FRACTION * len(sources) + 0.5)
    for sample in samples:
        source = sources[sample["__key__"]]
        assert sample["jpg"] == source["jpg"]
        assert sample["txt"] == source["txt"]
        fields = json.loads(source["json"])
        assert {name: sample["json"][name] for name in fields} == fields
        assert sample["json"]["caption_raw"] == source["caption"]
    written = {sample["__key__"] for sample in samples}
    rejected = {name.partition(":")[2] for name in reasons_of(out)}
    assert written | rejected == set(sources)
    assert written.isdisjoint(rejected)


def test_the_pairs_with_the_least_imbalance_are_kept(ended):
    _, out = ended
    tables = [pq.read_table(path) for path in sorted((out / "selection").glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    ranked = sorted(rows, key=lambda row: (row["imbalance_after"], row["uid"]))
    kept = math.floor(FRACTION * len(rows) + 0.5)
    assert [row["action"] for row in ranked] == ["keep"] * kept + ["reject"] * (len(rows) - kept)


def test_a_second_run_changes_no_file(ended, photographs):
    _, out = ended
    before = tree_bytes(out)
    command = ("run", photographs, "--out", out, "--keep-fraction", FRACTION, "--workers", "1")
    assert call(*command).status == 0
    assert tree_bytes(out) == before
