"""What the documents tell a user to type: commands and options that exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from evenpair.runners.cli.command_line import evenpair
from evenpair.runners.cli.main import split_beam_options

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([\w./-]+)\)")


def commands(document):
    """Return what stands in code after ``evenpair``, word by word."""
    code = "\n".join(CODE.findall(document.read_text())).replace("\\\n", " ")
    typed = [line.removeprefix("$ ") for line in code.splitlines()]
    lines = [shlex.split(line, comments=True) for line in typed if line.startswith("evenpair ")]
    return [split_beam_options(line)[0][1:] for line in lines]


def unknown(words):
    """Return the options of a command that it does not have."""
    command = evenpair.commands.get(words[0])
    assert isinstance(command, click.Command), words
    known = {name for option in command.params for name in option.opts} | {"--help"}
    return {word.partition("=")[0] for word in words[1:] if word.startswith("--")} - known


def test_every_command_can_be_typed():
    found = [words for document in DOCUMENTS for words in commands(document)]
    assert {"run", "enrich", "select", "verify"} <= {words[0] for words in found}
    assert [(words, unknown(words)) for words in found if unknown(words)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    links = [document.parent / link for link in LINK.findall(document.read_text())]
    assert [link for link in links if not link.exists()] == []
