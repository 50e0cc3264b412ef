"""``evenpair facts``: captions in, a line for each out."""

import json
import re

import pytest

from evenpair.pipeline.facts import as_view, state_facts

from ..support.commands import Answer, call

LINES = "a brown dog\n\n犬がいる\na dog chases a cat\n"


def test_every_caption_gets_a_line_of_json_in_order():
    answer = call("facts", "--jsonl", stdin=LINES)
    assert (answer.status, answer.err) == (0, "")
    rows = [json.loads(line) for line in answer.out.splitlines()]
    assert [row["caption"] for row in rows] == LINES.splitlines()
    assert rows[0]["objects"] == ["dog"]
    assert rows[0]["attributes"] == [["dog", "brown"]]
    assert rows[3]["relations"] == [["dog", "chase", "cat"]]
    kinds = ("object_bits", "attribute_bits", "relation_bits")
    assert [r["information_bits"] for r in rows] == [
        pytest.approx(sum(r[kind] for kind in kinds)) for r in rows
    ]
    assert (rows[1]["objects"], rows[1]["information_bits"]) == ([], 0.0)
    assert set(rows[0]) == {
        "caption", "objects", "attributes", "relations", *kinds, "information_bits", "visible_bits",
    }  # fmt: skip


def test_a_file_of_captions_gives_readable_lines(tmp_path):
    (tmp_path / "captions.txt").write_bytes(b"a brown dog\r\na \xff dog\n\nlast")
    answer = call("facts", "--input", tmp_path / "captions.txt")
    assert answer.status == 0
    assert [line.split("  =>  ")[0].split("bits  ")[1] for line in answer.out.splitlines()] == [
        "a brown dog", "a \ufffd dog", "", "last",
    ]  # fmt: skip
    facts = answer.out.splitlines()[0].split("=>  ")[1]
    number = r"\d+\.\d\*[01]\.\d\d"
    assert re.fullmatch(rf"dog {number} \(brown {number}\)", facts)


def test_a_terminal_shows_the_words_of_each_fact():
    (stated,) = state_facts(["A tennis racket with a red grip. It lies on the man's bag."])
    first, *rows = as_view(stated).splitlines()
    assert first.endswith(f"bits  {stated.caption}")
    facts = [re.split(r"  +(?:< )?", row.strip())[1:] for row in rows]
    assert ["tennis racket", "tennis racket"] in facts
    assert ["grip is red", "red"] in facts
    assert ["tennis racket lie on bag", "lies on"] in facts
    assert len(facts) == len(stated.facts)


def test_an_empty_input_gives_no_lines():
    assert call("facts", "--jsonl", stdin="") == Answer(0, "", "")
