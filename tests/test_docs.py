"""Commands and options in the documents exist, and links lead to files."""

import re
import shlex
from pathlib import Path

import click
import pytest

from evenpair.runners.cli.command_line import evenpair
from evenpair.runners.cli.main import split_beam_options

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([\w./-]+)\)")
PATH = re.compile(r"`([\w.-]+/[\w./-]*)`")


def commands(document):
    """Return the words of every evenpair command in code, without Beam's options."""
    code = "\n".join(CODE.findall(document.read_text())).replace("\\\n", " ")
    typed = [line.removeprefix("$ ") for line in code.splitlines()]
    lines = [shlex.split(line, comments=True) for line in typed if line.startswith("evenpair ")]
    return [split_beam_options(line)[0][1:] for line in lines]


def unknown(words):
    """Return the options in a command line that the command does not have."""
    command = evenpair.commands.get(words[0])
    assert isinstance(command, click.Command), words
    known = {name for option in command.params for name in option.opts} | {"--help"}
    return {word.partition("=")[0] for word in words[1:] if word.startswith("--")} - known


def test_every_command_and_option_exists():
    lines = [words for document in DOCUMENTS for words in commands(document)]
    assert {"run", "enrich", "select", "verify"} <= {words[0] for words in lines}
    assert [(words, unknown(words)) for words in lines if unknown(words)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    links = [document.parent / link for link in LINK.findall(document.read_text())]
    assert [link for link in links if not link.exists()] == []


def test_the_map_for_contributors_names_files_and_folders_that_exist():
    paths = PATH.findall((ROOT / "CONTRIBUTING.md").read_text())
    made_by_a_run = {"scores/", "captions/", "selection/", "rejections/"}
    assert len(paths) > 50
    assert {path for path in paths if not (ROOT / path).exists()} <= made_by_a_run


def test_the_classes_of_the_words_exist():
    names = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "words.md").read_text(), re.MULTILINE)
    code = "\n".join(path.read_text() for path in ROOT.glob("[pst]*/**/*.py"))
    assert len(names) > 10
    assert [name for name in names if not re.search(rf"^class {name}\b", code, re.MULTILINE)] == []
