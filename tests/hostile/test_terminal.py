"""Text from outside on a terminal: control characters are escaped, data stays as it was."""

import json

import pytest

from evenpair.pipeline.facts import as_json, as_text, as_view, state_facts
from evenpair.schemas.printable import printable, printable_json

from ..support.commands import call
from ..support.shards import MadePair, write_members, write_source

ESCAPES = ("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\r", "\x00", "\u2028")


@pytest.mark.parametrize("escape", ESCAPES)
def test_no_escape_is_printable(escape):
    text = f"a dog{escape}on a rug"
    shown = printable(text)
    assert escape not in shown
    assert shown.isprintable()
    assert json.loads(printable_json(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", ["a dog", "naïve café", "犬がいる", "👩\u200d👩\u200d👧", "a\tb"])
def test_plain_text_stays(text):
    assert printable(text) == text


def test_facts_of_a_caption_with_escapes():
    caption = "a dog \x1b[31m on a \x9b2J rug \u202e"
    [statement] = state_facts([caption])
    shown = [as_text(statement), as_view(statement), as_json(statement)]
    assert [text for text in shown if not text.replace("\n", "").isprintable()] == []
    assert json.loads(as_json(statement))["caption"] == caption


def test_a_shard_name_cannot_forge_a_finding(tmp_path):
    name = "0.tar\n00001.tar  -  truncated\x1b[2K"
    write_members(tmp_path / f"{name}.tar", [("1.jpg", b"no picture"), ("1.txt", b"a dog")])
    answer = call("verify", tmp_path)
    assert answer.status == 1
    findings = answer.out.splitlines()[:-1]
    assert [line for line in findings if line.startswith("00001.tar")] == []
    assert answer.out.replace("\n", "").isprintable()


def test_an_input_that_does_not_exist_is_one_line(tmp_path):
    answer = call("run", f"{tmp_path}/no\nsuch\x1b.tar", "--out", tmp_path / "run")
    assert answer.status == 2
    assert answer.err.replace("\n", "").isprintable()


def test_captions_in_the_summary_of_a_run(tmp_path):
    pairs = [MadePair(n, f"a dog \x1b[2J number {n}") for n in range(3)]
    source = write_source(tmp_path / "0.tar", pairs)
    answer = call("run", source, "--out", tmp_path / "run", "--workers", "1")
    assert answer.status == 0
    assert answer.out.replace("\n", "").isprintable()
