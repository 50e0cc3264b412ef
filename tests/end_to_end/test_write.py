"""``evenpair write``: its counts, a missing source, a full disk."""

import json
import resource
import shutil
import signal

import pyarrow.parquet as pq
import pytest

from ..support.commands import call
from ..support.messages import assert_refused, numbers_in, unnamed
from ..support.odd_sources import make_selected_run
from ..support.shards import tree_bytes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def selected(tmp_path_factory):
    return make_selected_run(tmp_path_factory.mktemp("write"))


@pytest.fixture
def run(selected, tmp_path):
    return shutil.copytree(selected, tmp_path / "run")


def write(run):
    return call("write", run, "--workers", "1")


def test_counts_are_printed_and_kept(run):
    answer = write(run)
    assert (answer.status, answer.err) == (0, "")
    details = [
        line for line in answer.out.splitlines() if line.startswith("  ") and "--" not in line
    ]
    assert [numbers_in(line) for line in details] == [[1], [1], [1]]
    names = ("undecodable-image", "pyd", "x.pickle")
    assert [unnamed(line, name) for line, name in zip(details, names, strict=True)] == [[]] * 3
    rows = pq.read_table(run / "accounting.parquet").to_pylist()
    names = ("shard", "pairs_read", "pairs_written", "rejected")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("0", 3, 3, []),
        ("1", 3, 2, [("undecodable-image", 1)]),
        ("2", 2, 2, []),
    ]
    assert json.loads((run / "shards" / "sizes.json").read_text()) == {
        "00000.tar": 5,
        "00001.tar": 2,
    }


def test_a_missing_source_is_named_and_the_other_shards_are_written(run, selected):
    source = selected.parent / "2.parquet"
    moved = source.rename(source.with_suffix(".moved"))
    try:
        answer = write(run)
        assert_refused(answer, "00001", source, "No such file or directory", status=1)
        assert sorted(tree_bytes(run / "shards")) == [
            "00000.parquet",
            "00000.tar",
            "00000_stats.json",
        ]
    finally:
        moved.rename(source)
    assert write(run).status == 0
    assert len(tree_bytes(run / "shards")) == 7


def test_a_full_disk_is_named_and_leaves_no_partial_shard(run):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9000, limits[1]))
    try:
        answer = write(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert_refused(answer, "File too large", f"{run}/shards/00000.tar", status=1)
    assert [name for name in tree_bytes(run / "shards") if "00000" in name] == []
    assert write(run).status == 0
    assert len(tree_bytes(run / "shards")) == 7
