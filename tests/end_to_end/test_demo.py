"""``evenpair demo``: pictures with known facts, and the whole job on them."""

import json

import pytest

from ..support.commands import call
from ..support.shards import read_shards, reasons_of, tree_bytes


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    return call("demo", "--out", out, "--pairs", "6", "--workers", "1"), out


def test_it_shows_pairs_counts_and_where_everything_lies(demo):
    answer, out = demo
    assert (answer.status, answer.err) == (0, "")
    lines = answer.out.splitlines()
    shown = [line.split()[0] for line in lines[: lines.index("6 pairs read, 5 written")] if line]
    assert shown == ["before", "after"] * 3
    assert lines[-2:] == [f"shards  {out}/run/shards", f"report  {out}/run/report.html"]


def test_the_truth_is_that_of_the_pairs(demo):
    _, out = demo
    truth = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert {tuple(row) for row in truth} == {("uid", "objects", "attributes", "relations")}
    written = {sample["json"]["uid"] for sample in read_shards(out / "run" / "shards")}
    assert len(truth) == 6
    assert written == {row["uid"] for row in truth}
    assert len(written) == 5
    assert sorted(reasons_of(out / "run").values()) == ["duplicate-uid"]


def test_the_same_demo_again_does_nothing(demo):
    answer, out = demo
    before = tree_bytes(out)
    again = call("demo", "--out", out, "--pairs", "6", "--workers", "1")
    assert (again.status, again.out) == (0, answer.out)
    assert tree_bytes(out) == before
