"""The whole job again: nothing is done twice, and the bytes are the same each time."""

import shutil

import pytest

from ..support.commands import call
from ..support.messages import assert_refused, numbers_in
from ..support.shards import read_shards, reasons_of, tree_bytes
from ..support.small_run import OPTIONS, make_inputs, run

pytestmark = pytest.mark.slow

COUNTS = [16, 13]
"""The pairs read and written, as the first line of counts has them."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    """The run that all others must equal."""
    out = tmp_path_factory.mktemp("finished") / "run"
    answer = run(inputs, out)
    assert (answer.status, answer.err) == (0, "")
    return out


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run, to be changed."""
    return shutil.copytree(finished, tmp_path / "run")


def times_of(folder):
    """Return when each file below a folder was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


class TestAgain:
    def test_a_second_run_writes_nothing_and_prints_the_same_counts(self, inputs, copied):
        before, written = tree_bytes(copied), times_of(copied)
        answer = run(inputs, copied)
        assert answer.status == 0
        assert COUNTS in map(numbers_in, answer.out.splitlines())
        assert tree_bytes(copied) == before
        untouched = {name for name, time in times_of(copied).items() if written[name] == time}
        results = ("shards", "scores", "selection")
        assert {name for name in before if name.startswith(results)} <= untouched

    def test_two_workers_write_the_same_bytes(self, inputs, finished, tmp_path):
        assert run(inputs, tmp_path / "two", "--workers", "2").status == 0
        assert tree_bytes(tmp_path / "two" / "shards") == tree_bytes(finished / "shards")

    def test_the_phases_one_by_one_write_the_same_bytes(self, inputs, finished, tmp_path):
        out = tmp_path / "run"
        one = ["--workers", "1"]
        answers = [
            call("score", inputs / "{a,b}/00000.tar", "--out", out, *one),
            call("select", out, *OPTIONS),
            call("write", out, *one),
        ]
        assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * 3
        assert tree_bytes(out / "shards") == tree_bytes(finished / "shards")
        assert reasons_of(out) == reasons_of(finished)
        written = times_of(out / "shards")
        assert run(inputs, out).status == 0
        assert times_of(out / "shards") == written

    def test_a_new_threshold_redoes_select_and_write_alone(self, copied, finished):
        written = times_of(copied)
        scores = {name for name in written if name.startswith(("scores", "statistics", "sources"))}
        assert call("select", copied, *OPTIONS, "--max-imbalance", "0.6", "--overwrite").status == 0
        assert tree_bytes(copied / "shards") == tree_bytes(finished / "shards")
        assert call("write", copied, "--workers", "1").status == 0
        times = times_of(copied)
        assert {name for name in scores if times[name] != written[name]} == set()
        rejected = reasons_of(copied)
        assert rejected["a/00000:000000000"] == "max-imbalance"
        shards = read_shards(copied / "shards")
        assert len(shards) + len(rejected) == 16
        assert [s["txt"] for s in shards if (s["json"].get("imbalance_after") or 0) > 0.6] == []
        assert call("select", copied, *OPTIONS, "--overwrite").status == 0
        assert call("write", copied, "--workers", "1").status == 0
        assert tree_bytes(copied / "shards") == tree_bytes(finished / "shards")

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (["--keep-fraction", "0.5"], ["--keep-fraction 0.5"]),
            (["--shard-size", "6"], ["--shard-size 5", "--shard-size 6"]),
            (["--check-images"], ["--check-images"]),
            (["--languages", "en,de"], ["--languages en,de"]),
            (["--captioner", "demo"], ["--captioner demo"]),
        ],
    )
    def test_an_option_that_changed_is_named_and_nothing_is_touched(
        self, inputs, finished, options, named
    ):
        before = tree_bytes(finished)
        answer = run(inputs, finished, *options)
        assert_refused(answer, finished, *named, "--out", "--overwrite")
        assert tree_bytes(finished) == before

    def test_other_shards_are_refused(self, inputs, finished):
        answer = call("run", inputs / "a", "--out", finished, *OPTIONS)
        assert_refused(answer, finished, "INPUT", "--overwrite")

    def test_the_same_shards_by_another_name_are_accepted(self, inputs, finished, monkeypatch):
        monkeypatch.chdir(inputs)
        answer = call("run", "{a,b}/*.tar", "--out", finished, *OPTIONS)
        assert (answer.status, answer.err) == (0, "")

    def test_another_engine_or_number_of_workers_is_accepted(self, inputs, finished):
        answer = run(inputs, finished, "--workers", "2", "--runner", "direct")
        assert (answer.status, answer.err) == (0, "")

    def test_overwriting_starts_from_scratch(self, inputs, copied, finished):
        (copied / "scores" / "stale.parquet").touch()
        options = ["--workers", "1", "--keep-fraction", "0.5", "--overwrite"]
        answer = call("run", inputs / "b", "--out", copied, *options)
        assert (answer.status, answer.err) == (0, "")
        assert [6, 3] in map(numbers_in, answer.out.splitlines())
        assert sorted(path.name for path in (copied / "scores").iterdir()) == ["00000.parquet"]
        assert [s["__key__"] for s in read_shards(copied / "shards")] == [
            f"00000000{at}" for at in (1, 2, 4)
        ]
