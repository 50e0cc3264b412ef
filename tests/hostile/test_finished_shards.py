"""Finished shards: whole and valid at every moment, whatever is selected, written or killed."""

import random
import shutil
import subprocess
import time

import pytest

from ..support.commands import COMMAND, call
from ..support.messages import assert_refused
from ..support.shards import MadePair, tree_bytes, write_source

OTHER = ("--keep-fraction", "0.5", "--shard-size", "3")
ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    captions = ("a dog", "a red ball on a wooden table", "two cats", "a man rides a brown horse")
    for shard in range(2):
        pairs = [MadePair(4 * shard + at, f"{c} {shard}") for at, c in enumerate(captions)]
        write_source(folder / f"{shard}.tar", pairs)
    return folder


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "run"
    assert call("run", inputs, "--out", out, "--shard-size", "3", *ONE).status == 0
    return out


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def selected_anew(finished, tmp_path_factory):
    """The shards that the other selection gives."""
    run = shutil.copytree(finished, tmp_path_factory.mktemp("anew") / "run")
    assert call("select", run, *OTHER, "--overwrite", *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    return tree_bytes(run / "shards")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("select", OTHER),
        ("enrich", ("--captioner", "demo")),
        ("write", ("--check-images",)),
        ("score", ("--enrich-below", "0.3")),
    ],
)
def test_finished_shards_are_not_invalidated_without_consent(inputs, run, command, options):
    before = tree_bytes(run)
    where = [inputs, "--out", run] if command == "score" else [run]
    answer = call(command, *where, *options, *ONE)
    assert_refused(answer, run / "shards", "--overwrite")
    assert tree_bytes(run) == before


def test_select_leaves_the_finished_shards_and_says_so(finished, run):
    before = tree_bytes(finished / "shards")
    answer = call("select", run, *OTHER, "--overwrite", *ONE)
    assert answer.status == 0
    assert str(run / "shards") in answer.err
    assert tree_bytes(run / "shards") == before


def test_new_shards_take_the_place_of_the_finished(finished, run, selected_anew):
    assert selected_anew != tree_bytes(finished / "shards")
    assert call("select", run, *OTHER, "--overwrite", *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    assert tree_bytes(run / "shards") == selected_anew
    assert not (run / "shards.new").exists()
    assert call("verify", run / "shards").status == 0


def test_finished_shards_can_be_kept_beside_the_new(finished, run, selected_anew):
    assert call("select", run, *OTHER, "--keep-shards", *ONE).status == 0
    answer = call("write", run, *ONE)
    assert answer.status == 0
    assert f"shards  {run}/shards-2\n" in answer.out
    assert tree_bytes(run / "shards") == tree_bytes(finished / "shards")
    assert tree_bytes(run / "shards-2") == selected_anew


def test_a_run_that_starts_afresh_keeps_the_finished_shards_until_the_new_are_whole(
    inputs, finished, run, selected_anew
):
    command = [str(COMMAND), "run", str(inputs), "--out", str(run)]
    command += ["--overwrite", *OTHER, *ONE]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not (run / "work").exists():
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert tree_bytes(run / "shards") == tree_bytes(finished / "shards")
    arguments = [inputs, "--out", run, *OTHER, *ONE]
    assert call("run", *arguments).status == 0
    assert tree_bytes(run / "shards") == selected_anew


@pytest.mark.slow
def test_kills_leave_the_old_shards_or_the_new_ones(finished, run, selected_anew):
    draws = random.Random(0)
    valid = [tree_bytes(finished / "shards"), selected_anew]
    for _ in range(5):
        for command in (["select", str(run), *OTHER, "--overwrite"], ["write", str(run)]):
            process = subprocess.Popen(
                [str(COMMAND), *command, *ONE],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                process.wait(draws.uniform(0.5, 5))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert tree_bytes(run / "shards") in valid
    assert call("select", run, *OTHER, "--overwrite", *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    assert tree_bytes(run / "shards") == selected_anew


class TestNested:
    def test_input_inside_the_run_directory(self, run):
        before = tree_bytes(run)
        for command in ("run", "score"):
            for argument in (
                run / "shards",
                run / "shards" / "*.tar",
                f"{run}/shards/{{0..1}}.tar",
            ):
                answer = call(command, argument, "--out", run, "--overwrite", *ONE)
                assert_refused(answer, argument, run)
        assert tree_bytes(run) == before

    def test_a_run_directory_inside_an_input_folder(self, inputs):
        answer = call("run", inputs, "--out", inputs / "run", *ONE)
        assert_refused(answer, inputs, inputs / "run")
        assert not (inputs / "run").exists()

    @pytest.mark.parametrize("option", ["--captions", "--statistics", "--block-list"])
    def test_other_files_inside_the_run_directory(self, inputs, run, option):
        before = tree_bytes(run)
        more = ["--join", "uid"] if option == "--captions" else []
        file = run / "statistics.parquet"
        answer = call("run", inputs, "--out", run, "--overwrite", option, file, *more, *ONE)
        assert_refused(answer, option, file)
        assert tree_bytes(run) == before


def test_score_refuses_other_shards_as_run_does(inputs, run):
    before = tree_bytes(run)
    for command in ("score", "run"):
        answer = call(command, inputs / "0.tar", "--out", run, *ONE)
        assert_refused(answer, run, "--overwrite")
    assert tree_bytes(run) == before


def test_run_names_the_commands_that_apply_another_policy(inputs, run):
    answer = call("run", inputs, "--out", run, *OTHER, *ONE)
    assert_refused(answer, "--keep-fraction", f"evenpair select {run}", "then write")


class TestLinks:
    def test_a_lock_that_leads_elsewhere_is_refused(self, run, tmp_path):
        victim = tmp_path / "victim"
        victim.write_text("precious")
        (run / ".lock").unlink(missing_ok=True)
        (run / ".lock").symlink_to(victim)
        answer = call("select", run, *ONE)
        assert_refused(answer, run / ".lock")
        assert victim.read_text() == "precious"

    @pytest.mark.parametrize("name", ["work", "scores", "shards"])
    def test_folders_that_lead_elsewhere_are_refused(self, run, tmp_path, name):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "precious").write_text("x")
        shutil.rmtree(run / name, ignore_errors=True)
        (run / name).symlink_to(elsewhere)
        answer = call("select", run, *ONE)
        assert_refused(answer, run / name)
        assert (elsewhere / "precious").exists()
