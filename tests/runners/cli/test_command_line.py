"""The command line: help, one line for what is wrong, and the exit status that goes with it."""

import os
import shutil
import subprocess
import sys

import click
import pytest

from evenpair import __version__
from evenpair.pipeline.runs.lock import locked
from evenpair.runners.cli.command_line import evenpair
from evenpair.schemas.run_directory import RunDirectory

from ...support.commands import call, spawn
from ...support.messages import assert_refused
from ...support.shards import MadePair, write_source

HEAVY = (
    *("apache_beam", "img2dataset", "jinja2", "numpy", "PIL", "pyarrow", "spacy", "torch"),
    *("scipy", "sklearn", "transformers", "wandb"),
)
PROBE = """
import sys
{statement}
print(*sorted(set({heavy!r}) & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("in") / "0.tar", [MadePair(0, "a dog")])


@pytest.fixture(scope="module")
def begun(shard):
    """A run of which only the first phase is done."""
    out = shard.parent / "begun"
    assert call("score", shard, "--out", out, "--workers", "1").status == 0
    return out


@pytest.mark.parametrize(
    "statement",
    [
        "import evenpair",
        "sys.argv[1:] = ['--help']",
        "sys.argv[1:] = ['--version']",
        "sys.argv[1:] = ['run', '--help']",
        "sys.argv[1:] = ['run', 'x', '--out', 'y', '--no-such-option']",
        "sys.argv[1:] = ['select', 'x', '--keep-fraction', '2']",
        "sys.argv[1:] = ['download', 'x', '--out', 'y', '--retries', '-1']",
        "sys.argv[1:] = ['measure', '--help']",
        "sys.argv[1:] = ['measure', 'x', '--sample', '1']",
    ],
)
def test_help_and_wrong_usage_import_no_heavy_library(statement):
    if "argv" in statement:
        statement += """
from evenpair.runners.cli.main import main
try:
    main()
except SystemExit:
    pass"""
    code = PROBE.format(statement=statement, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_help_names_every_command():
    answer = spawn("--help")
    assert (answer.status, answer.err) == (0, "")
    commands = ("run", "score", "enrich", "select", "write", "facts", "demo", "download")
    commands += ("measure", "verify", "report")
    assert [name for name in commands if f"\n  {name} " not in answer.out] == []


def test_every_command_and_option_has_a_help_text():
    assert [name for name, command in evenpair.commands.items() if not command.help] == []
    options = [
        (name, option)
        for name, command in evenpair.commands.items()
        for option in command.params
        if isinstance(option, click.Option)
    ]
    assert len(options) > 50
    assert [(name, option.name) for name, option in options if not option.help] == []


def test_the_version_is_that_of_the_package():
    assert call("--version").out.split()[-1] == __version__


IMPOSSIBLE = [
    (["run"], ["evenpair run", "INPUT"]),
    (["run", "{shard}"], ["evenpair run", "--out"]),
    (["run", "{shard}", "--out"], ["--out"]),
    (["nothing"], ["'nothing'"]),
    (["run", "{shard}", "--out", "{new}", "--keep-fracton", "1"], ["--keep-fracton"]),
    (["run", "{new}/no.tar", "--out", "{new}"], ["{new}/no.tar"]),
    (["run", "{new}/*.tar", "--out", "{new}"], ["{new}/*.tar"]),
    (["score", "{new}", "--out", "{new}"], ["{new}"]),
    (["run", "{parquet}", "--out", "{new}"], ["{parquet}"]),
    (["run", "{shard}", "--out", "{shard}"], ["{shard}"]),
    (["run", "{shard}", "--out", "{other}"], ["{other}", "letter.txt"]),
    (["score", "{shard}", "--out", "{other}"], ["{other}", "letter.txt"]),
    (["select", "{new}"], ["{new}", "evenpair score"]),
    (["write", "{new}"], ["{new}", "evenpair score"]),
    (["select", "{other}"], ["{other}", "evenpair score"]),
    (["enrich", "{begun}"], ["--captioner"]),
    (["write", "{begun}"], ["evenpair select {begun}"]),
    (["facts", "--input", "{new}"], ["evenpair facts", "--input", "{new}"]),
    (["facts", "--parser", "no_such"], ["no_such"]),
    (["facts", "--statistics", "{new}"], ["{new}"]),
    (["facts", "--statistics", "{parquet}"], ["{parquet}", "statistics.parquet"]),
    (["run", "{shard}", "--out", "{new}", "--parser", "no_such"], ["no_such"]),
    (["score", "{shard}", "--out", "{new}", "--parser", "no_such"], ["no_such"]),
    (["run", "{shard}", "--out", "{new}", "--statistics", "{new}.x"], ["{new}.x"]),
    (["run", "{shard}", "--out", "{new}", "--statistics", "{other}"], ["{other}"]),
    (["run", "{shard}", "--out", "{new}", "--captioner", "{other}"], ["{other}"]),
    (["demo", "--out", "{new}", "--pairs", "0"], ["--pairs", "1", "0"]),
]
"""Arguments that are refused, and the options, values and paths that the message has to name."""

OUT_OF_RANGE = [
    ("--keep-fraction", "1.01", (0, 1)),
    ("--keep-fraction", "nan", (0, 1)),
    ("--max-imbalance", "-0.1", (0, 1)),
    ("--enrich-below", "2", (0, 1)),
    ("--mix-probability", "7", (0, 1)),
    ("--max-object-share", "-1", (0, 1)),
    ("--min-agreement", "1.5", (0, 1)),
    ("--min-bits", "-1", (0,)),
    ("--min-image-size", "0", (1,)),
    ("--max-words", "0", (1,)),
    ("--shard-size", "0", (1,)),
    ("--batch-size", "0", (1,)),
    ("--max-new-tokens", "0", (1,)),
    ("--workers", "-1", (0,)),
]
"""An option, a value that it refuses, and the limits that the message has to name."""


@pytest.fixture
def places(shard, begun, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").touch()
    return {
        "shard": shard,
        "begun": begun,
        "parquet": shard.with_suffix(".parquet"),
        "other": tmp_path / "other",
        "new": tmp_path / "new",
    }


@pytest.mark.parametrize(("arguments", "named"), IMPOSSIBLE)
def test_impossible_arguments_are_refused(places, arguments, named):
    answer = call(*(argument.format(**places) for argument in arguments))
    assert answer.err.startswith("evenpair")
    assert_refused(answer, *(name.format(**places) for name in named))
    assert not places["new"].exists() or list(places["new"].iterdir()) == [places["new"] / ".lock"]


@pytest.mark.parametrize(("option", "value", "limits"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused(places, option, value, limits):
    answer = call("run", places["shard"], "--out", places["new"], option, value)
    assert_refused(answer, option, value, *limits)
    assert not places["new"].exists()


def test_options_of_a_captioner_need_one(places):
    answer = call("run", places["shard"], "--out", places["new"], "--prompt", "what is it?")
    assert_refused(answer, "--prompt", "--captioner MODEL")


def test_the_installed_command_refuses_as_the_function_does(places):
    answer = spawn("run", "no.tar", "--out", places["new"], cwd=places["other"])
    assert_refused(answer, places["other"] / "no.tar")


def test_a_second_launcher_is_refused(begun):
    with locked(RunDirectory(str(begun))):
        assert_refused(call("select", begun), begun)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(shard, tmp_path):
    tmp_path.chmod(0o500)
    answer = call("score", shard, "--out", tmp_path / "run")
    assert_refused(answer, tmp_path / "run", "Permission denied", status=1)


def test_a_run_directory_below_a_file_is_named(shard, tmp_path):
    (tmp_path / "file").touch()
    answer = call("score", shard, "--out", tmp_path / "file" / "run")
    assert_refused(answer, tmp_path / "file/run", "Not a directory", status=1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_missing_source_is_named_and_the_exit_status_is_1(shard, begun, tmp_path, workers):
    run = shutil.copytree(begun, tmp_path / "run")
    moved = shard.with_suffix(".moved")
    assert call("select", run, "--workers", "1").status == 0
    shard.rename(moved)
    try:
        answer = spawn("write", run, "--workers", workers)
    finally:
        moved.rename(shard)
    assert_refused(answer, shard, status=1)
    assert call("write", run, "--workers", "1").status == 0
