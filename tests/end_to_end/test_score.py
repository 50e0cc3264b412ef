"""``evenpair score``: the full level, and how many pairs would be sparse."""

import re

import pyarrow.parquet as pq
import pytest

from evenpair.schemas.statistics import full_level_of
from evenpair.transforms.information.keep_statistics import PRIOR, load_full_level

from ..support.commands import call
from ..support.small_run import make_inputs

LEVELS = [(), ("--full-level", "100"), ("--full-level", "100", "--statistics", "prior")]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.mark.parametrize("options", LEVELS)
def test_the_level_is_a_constant_or_what_the_command_says(inputs, tmp_path, options):
    run = tmp_path / "run"
    answer = call("score", inputs / "b", "--out", run, "--workers", "1", *options)
    assert answer.status == 0
    level = 100.0 if options else load_full_level(PRIOR)
    assert full_level_of(pq.read_schema(run / "statistics.parquet")) == level
    (path,) = (run / "scores").glob("*.parquet")
    scores = pq.read_table(path)
    bits = scores["visible_bits"].to_pylist()
    assert scores["sparse"].to_pylist() == [b < 0.8 * level for b in bits]
    lines = re.findall(r"^  ([\d.]+): (\d+) ", answer.out, re.MULTILINE)
    expected = {share: sum(b < share * level for b in bits) for share in (0.2, 0.4, 0.6, 0.8, 1.0)}
    assert {float(share): int(count) for share, count in lines} == expected


def test_a_level_that_nothing_reaches_leaves_other_languages_alone(inputs, tmp_path):
    run = tmp_path / "run"
    options = ("--full-level", "10000", "--workers", "1")
    assert call("score", inputs / "a", "--out", run, *options).status == 0
    (path,) = (run / "scores").glob("*.parquet")
    rows = pq.read_table(path, columns=["language", "sparse"]).to_pylist()
    assert {(row["language"] == "en", row["sparse"]) for row in rows} == {
        (True, True),
        (False, False),
    }
