"""``evenpair demo``: pictures with known facts, and the whole job on them."""

import json

import pytest

from ..support.commands import call
from ..support.messages import numbers_in
from ..support.shards import read_shards, reasons_of, tree_bytes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    return call("demo", "--out", out, "--pairs", "6", "--workers", "1"), out


def test_it_prints_pairs_counts_and_paths(demo):
    answer, out = demo
    assert (answer.status, answer.err) == (0, "")
    lines = answer.out.splitlines()
    counts = list(map(numbers_in, lines)).index([6, 5])
    assert [line.split()[0] for line in lines[:counts] if line] == ["before", "after"] * 3
    assert [line.split()[-1] for line in lines[-2:]] == [
        f"{out}/run/shards",
        f"{out}/run/report.html",
    ]


def test_the_truth_has_the_facts_of_each_pair(demo):
    _, out = demo
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert {tuple(row) for row in truth} == {("uid", "objects", "attributes", "relations")}
    written = {sample["json"]["uid"] for sample in read_shards(out / "run" / "shards")}
    assert len(truth) == 6
    assert written == {row["uid"] for row in truth}
    assert len(written) == 5
    assert sorted(reasons_of(out / "run").values()) == ["duplicate-uid"]


def test_the_same_demo_again_changes_no_file(demo):
    answer, out = demo
    before = tree_bytes(out)
    again = call("demo", "--out", out, "--pairs", "6", "--workers", "1")
    assert (again.status, again.out) == (0, answer.out)
    assert tree_bytes(out) == before
