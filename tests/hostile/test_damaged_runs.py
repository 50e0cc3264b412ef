"""Damaged run directories: one line that names what is damaged, never a traceback."""

import shutil
from pathlib import Path

import pytest

from evenpair.runners.cli.last_resort import traceback_kept_in, unexpected_error
from evenpair.schemas.errors import EvenpairError, UsageError

from ..support.commands import call
from ..support.messages import assert_refused, unnamed
from ..support.shards import MadePair, write_source

ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    pairs = [MadePair(at, f"a dog on rug {at}") for at in range(4)]
    return write_source(folder / "0.tar", pairs)


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "run"
    assert call("run", inputs, "--out", out, *ONE).status == 0
    return out


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"x"', '{"phases": 3}', '{"phases": {"score": {"options": 1}}}', "[" * 9999],
)
def test_a_malformed_record(run, content):
    (run / "run.json").write_text(content)
    assert_refused(call("select", run, *ONE), run / "run.json", "--overwrite", status=1)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("scores/0.parquet", "select"),
        ("sources.parquet", "select"),
        ("selection/0.parquet", "write"),
        ("plan.parquet", "write"),
        ("shards/00000.parquet", "report"),
        ("shards/00000.tar", "report"),
    ],
)
@pytest.mark.parametrize("damage", ["cut", "empty", "garbage"])
def test_a_damaged_table(run, name, command, damage):
    path = run / name
    content = path.read_bytes()
    damaged = {"cut": content[: len(content) // 2], "empty": b"", "garbage": b"x" * 99}
    path.write_bytes(damaged[damage])
    more = {"select": ["--overwrite", "--seed", "1"], "write": ["--overwrite", "--check-images"]}
    answer = call(command, run, *more.get(command, []), *([] if command == "report" else ONE))
    lines = [line for line in answer.err.splitlines() if "stays as it is" not in line]
    assert (answer.status, answer.out, len(lines)) == (1, "", 1)
    assert unnamed(lines[0], Path(name).name) == []
    assert "unexpected error" not in lines[0]


def test_an_unexpected_error_is_one_line_and_its_traceback_a_file(tmp_path):
    with pytest.raises(EvenpairError) as raised, traceback_kept_in(str(tmp_path)):
        raise KeyError("no such\nkey")
    [file] = tmp_path.glob("traceback-*.txt")
    assert str(file) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert "KeyError" in file.read_text()


def test_expected_errors_pass(tmp_path):
    with pytest.raises(UsageError, match=r"^wrong$"), traceback_kept_in(str(tmp_path)):
        raise UsageError("wrong")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_replaced(tmp_path):
    error = unexpected_error(ValueError("x"), str(tmp_path / "none"))
    path = str(error).rpartition(" ")[2].rstrip(")")
    assert "ValueError" in Path(path).read_text()
    Path(path).unlink()
