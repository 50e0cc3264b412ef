"""What a user is told: help, one line for what is wrong, and the exit status that goes with it."""

import json
import os
import re
import shutil
import subprocess
import sys

import click
import pytest

from evenpair import __version__
from evenpair.pipeline.facts import as_view, state_facts
from evenpair.pipeline.runs.lock import locked
from evenpair.runners.cli.command_line import evenpair
from evenpair.schemas.run_directory import RunDirectory

from ..support.commands import call, spawn
from ..support.shards import MadePair, write_source

HEAVY = (
    *("apache_beam", "img2dataset", "jinja2", "numpy", "PIL", "pyarrow", "spacy", "torch"),
    *("transformers", "wandb"),
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
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(statement):
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
    assert [name for name in commands if f"\n  {name} " not in answer.out] == []


def test_every_command_and_option_is_explained():
    assert [name for name, command in evenpair.commands.items() if not command.help] == []
    options = [
        (name, option)
        for name, command in evenpair.commands.items()
        for option in command.params
        if isinstance(option, click.Option)
    ]
    assert len(options) > 50
    assert [(name, option.name) for name, option in options if not option.help] == []


def test_the_version():
    assert call("--version").out == f"evenpair, version {__version__}\n"


IMPOSSIBLE = [
    (["run"], "evenpair run: Missing argument 'INPUT...'."),
    (["run", "{shard}"], "evenpair run: Missing option '--out'."),
    (["run", "{shard}", "--out"], "evenpair: Option '--out' requires an argument."),
    (["nothing"], "evenpair: No such command 'nothing'."),
    (["run", "{shard}", "--out", "{new}", "--keep-fracton", "1"], "evenpair run: No such option"),
    (["run", "{new}/no.tar", "--out", "{new}"], "evenpair: no such input: {new}/no.tar"),
    (["run", "{new}/*.tar", "--out", "{new}"], "evenpair: no such input: {new}/*.tar"),
    (["score", "{new}", "--out", "{new}"], "evenpair: no such input: {new}"),
    (["run", "{parquet}", "--out", "{new}"], "evenpair: {parquet} holds no images: "),
    (["run", "{shard}", "--out", "{shard}"], "evenpair: {shard} is a file: name a folder"),
    (["run", "{shard}", "--out", "{other}"], "evenpair: {other} holds other files, such as"),
    (["score", "{shard}", "--out", "{other}"], "evenpair: {other} holds other files, such as"),
    (["select", "{new}"], "evenpair: {new} is no run directory: evenpair score INPUT... --out"),
    (["write", "{new}"], "evenpair: {new} is no run directory: "),
    (["select", "{other}"], "evenpair: {other} is no run directory: "),
    (["enrich", "{begun}"], "evenpair: --captioner MODEL is missing: "),
    (
        ["write", "{begun}"],
        "evenpair: select is not done in {begun}: evenpair select {begun} first",
    ),
    (
        ["facts", "--input", "{new}"],
        "evenpair facts: Invalid value for '--input': '{new}': No such",
    ),
    (["facts", "--parser", "no_such"], "evenpair: no spaCy pipeline 'no_such': "),
    (["facts", "--statistics", "{new}"], "evenpair: no statistics at {new}: "),
    (["facts", "--statistics", "{parquet}"], "evenpair: {parquet} is no statistics.parquet of a"),
    (["run", "{shard}", "--out", "{new}", "--parser", "no_such"], "evenpair: no spaCy pipeline"),
    (["score", "{shard}", "--out", "{new}", "--parser", "no_such"], "evenpair: no spaCy pipeline"),
    (["run", "{shard}", "--out", "{new}", "--statistics", "{new}.x"], "evenpair: no statistics"),
    (["run", "{shard}", "--out", "{new}", "--statistics", "{other}"], "evenpair: {other} is no st"),
    (
        ["run", "{shard}", "--out", "{new}", "--captioner", "{other}"],
        "evenpair: there is no capt",
    ),
    (["demo", "--out", "{new}", "--pairs", "0"], "evenpair: --pairs must be at least 1, not 0"),
]
OUT_OF_RANGE = [
    ("--keep-fraction", "1.01", "between 0 and 1, not 1.01"),
    ("--keep-fraction", "nan", "between 0 and 1, not nan"),
    ("--max-imbalance", "-0.1", "between 0 and 1, not -0.1"),
    ("--enrich-below", "2", "between 0 and 1, not 2"),
    ("--mix-probability", "7", "between 0 and 1, not 7"),
    ("--max-object-share", "-1", "between 0 and 1, not -1"),
    ("--min-agreement", "1.5", "between 0 and 1, not 1.5"),
    ("--min-bits", "-1", "at least 0, not -1"),
    ("--min-image-size", "0", "at least 1, not 0"),
    ("--max-words", "0", "at least 1, not 0"),
    ("--shard-size", "0", "at least 1, not 0"),
    ("--batch-size", "0", "at least 1, not 0"),
    ("--max-new-tokens", "0", "at least 1, not 0"),
    ("--workers", "-1", "at least 0, not -1"),
]


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


@pytest.mark.parametrize(("arguments", "line"), IMPOSSIBLE)
def test_what_cannot_be_meant_is_one_line_and_exit_2(places, arguments, line):
    answer = call(*(argument.format(**places) for argument in arguments))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith(line.format(**places))
    assert not places["new"].exists() or list(places["new"].iterdir()) == [places["new"] / ".lock"]


@pytest.mark.parametrize(("option", "value", "message"), OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused(places, option, value, message):
    answer = call("run", places["shard"], "--out", places["new"], option, value)
    assert (answer.status, answer.err) == (2, f"evenpair: {option} must be {message}\n")
    assert not places["new"].exists()


def test_options_of_a_captioner_need_one(places):
    answer = call("run", places["shard"], "--out", places["new"], "--prompt", "what is it?")
    assert (answer.status, answer.err) == (
        2,
        "evenpair: --captioner-revision and --prompt need --captioner MODEL\n",
    )


def test_what_is_wrong_is_said_by_the_installed_command_too(places):
    answer = spawn("run", "no.tar", "--out", places["new"], cwd=places["other"])
    line = f"evenpair: no such input: {places['other']}/no.tar\n"
    assert answer == type(answer)(2, "", line)


def test_two_launchers_are_refused(begun):
    with locked(RunDirectory(str(begun))):
        answer = call("select", begun)
    assert (answer.status, answer.err) == (
        2,
        f"evenpair: another evenpair is at work in {begun}: wait for it\n",
    )


def test_a_lock_dies_with_its_launcher(begun):
    code = (
        "import os, sys; from evenpair.pipeline.runs.lock import locked\n"
        "from evenpair.schemas.run_directory import RunDirectory\n"
        "with locked(RunDirectory(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(begun)], check=False)
    assert done.returncode == -9
    with locked(RunDirectory(str(begun))):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(shard, tmp_path):
    tmp_path.chmod(0o500)
    answer = call("score", shard, "--out", tmp_path / "run")
    assert (answer.status, answer.err) == (1, f"evenpair: {tmp_path}/run: Permission denied\n")


def test_a_place_where_no_folder_can_be(shard, tmp_path):
    (tmp_path / "file").touch()
    answer = call("score", shard, "--out", tmp_path / "file" / "run")
    assert (answer.status, answer.err) == (1, f"evenpair: {tmp_path}/file/run: Not a directory\n")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_source_that_is_gone_is_one_line_and_exit_1(shard, begun, tmp_path, workers):
    run = shutil.copytree(begun, tmp_path / "run")
    moved = shard.with_suffix(".moved")
    assert call("select", run, "--workers", "1").status == 0
    shard.rename(moved)
    try:
        answer = spawn("write", run, "--workers", workers)
    finally:
        moved.rename(shard)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("evenpair: ")
    assert str(shard) in answer.err
    assert call("write", run, "--workers", "1").status == 0


class TestFacts:
    lines = "a brown dog\n\n犬がいる\na dog chases a cat\n"

    def test_a_line_of_json_for_each_caption_in_order(self):
        answer = call("facts", "--jsonl", stdin=self.lines)
        assert (answer.status, answer.err) == (0, "")
        rows = [json.loads(line) for line in answer.out.splitlines()]
        assert [row["caption"] for row in rows] == self.lines.splitlines()
        assert rows[0]["objects"] == ["dog"]
        assert rows[0]["attributes"] == [["dog", "brown"]]
        assert rows[3]["relations"] == [["dog", "chase", "cat"]]
        kinds = ("object_bits", "attribute_bits", "relation_bits")
        assert [r["information_bits"] for r in rows] == [
            pytest.approx(sum(r[kind] for kind in kinds)) for r in rows
        ]
        assert (rows[1]["objects"], rows[1]["information_bits"]) == ([], 0.0)
        assert set(rows[0]) == {
            "caption", "objects", "attributes", "relations", *kinds, "information_bits",
        }  # fmt: skip

    def test_a_file_and_lines_for_a_person(self, tmp_path):
        (tmp_path / "captions.txt").write_bytes(b"a brown dog\r\na \xff dog\n\nlast")
        answer = call("facts", "--input", tmp_path / "captions.txt")
        assert answer.status == 0
        assert [line.split("  =>  ")[0].split("bits  ")[1] for line in answer.out.splitlines()] == [
            "a brown dog", "a \ufffd dog", "", "last",
        ]  # fmt: skip
        said = answer.out.splitlines()[0].split("=>  ")[1]
        assert re.fullmatch(r"dog \d+\.\d \(brown \d+\.\d\)", said)

    def test_a_terminal_shows_which_words_became_which_fact(self):
        (stated,) = state_facts(["A tennis racket with a red grip. It lies on the man's bag."])
        first, *rows = as_view(stated).splitlines()
        assert first.endswith(f"bits  {stated.caption}")
        facts = [re.split(r"  +(?:< )?", row.strip())[1:] for row in rows]
        assert ["tennis racket", "tennis racket"] in facts
        assert ["grip is red", "red"] in facts
        assert ["tennis racket lie on bag", "lies on"] in facts
        assert len(facts) == len(stated.facts)

    def test_no_lines_in_no_lines_out(self):
        assert call("facts", "--jsonl", stdin="") == type(call("--version"))(0, "", "")
