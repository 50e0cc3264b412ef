"""Control characters in captions: generated ones lose them, raw ones keep them and are named."""

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.printable import first_control, printable, without_controls
from evenpair.transforms.enrich.check_caption import check_caption

from ..support.commands import call
from ..support.services import completion, serve
from ..support.shards import MadePair, read_tar, write_members, write_source

ONE = ("--workers", "1")
HOSTILE = "A \x1bsmall\x00 dog\u202e lies\ton a\x9b red\u2066 rug\u200f."
CLEAN = "A small dog lies on a red rug."


@given(st.text())
def test_nothing_that_must_be_escaped_is_left(text):
    encodable = text.encode("utf-8", "replace").decode()
    clean = without_controls(encodable)
    assert printable(clean) == clean
    assert "\t" not in clean
    assert (first_control(text) is None) == (len(without_controls(text)) == len(text))


@pytest.mark.parametrize("text", ["a dog", "naïve café", "犬がいる", "👩\u200d👩\u200d👧"])
def test_plain_text_stays(text):
    assert without_controls(text) == text


@pytest.mark.parametrize(
    ("answer", "caption"),
    [
        (HOSTILE, CLEAN),
        ("A small dog.\x1b\nIt lies on a\x0brug.", "A small dog. It lies on a. rug."),
        ("\x1b\x00", ""),
    ],
)
def test_an_answer(answer, caption):
    assert check_caption(answer)[0] == caption


@pytest.fixture
def run(tmp_path):
    pairs = [MadePair(n, f"a dog \x1b[2J {n}\n") for n in range(3)]
    source = write_source(tmp_path / "0.tar", pairs)
    options = ("--statistics", "prior", "--enrich-below", "1", *ONE)
    assert call("score", source, "--out", tmp_path / "run", *options).status == 0
    return tmp_path / "run"


def written(run):
    assert call("select", run, "--mode", "replace", *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    [path] = (run / "shards").glob("*.tar")
    members = read_tar(path)
    texts = [content.decode() for name, content in members.items() if name.endswith(".txt")]
    fields = [json.loads(c) for name, c in members.items() if name.endswith(".json")]
    return texts, fields


def test_captions_of_a_service(run):
    with serve(by_width={8: (200, completion(HOSTILE), {})}) as service:
        endpoint = ("--captioner", "m", "--endpoint", service.url)
        assert call("enrich", run, *endpoint, *ONE).status == 0
    captions = pq.read_table(run / "captions" / "0.parquet", columns=["caption"])
    assert captions["caption"].to_pylist() == [CLEAN] * 3
    texts, fields = written(run)
    assert texts == [CLEAN] * 3
    assert [f["caption_generated"] for f in fields] == [CLEAN] * 3


def test_captions_from_elsewhere(run, tmp_path):
    uids = pq.read_table(run / "scores" / "0.parquet", columns=["uid"])["uid"].to_pylist()
    lines = [json.dumps({"uid": uid, "caption": HOSTILE}) + "\n" for uid in uids]
    (tmp_path / "c.jsonl").write_text("".join(lines))
    joined = ("--captions", tmp_path / "c.jsonl", "--join", "uid")
    assert call("enrich", run, *joined, *ONE).status == 0
    assert written(run)[0] == [CLEAN] * 3


def test_raw_captions_keep_their_bytes_and_are_named(run):
    texts, fields = written(run)
    assert texts == [f"a dog \x1b[2J {n}\n" for n in range(3)]
    assert [f["caption_raw"] for f in fields] == texts
    answer = call("verify", run / "shards")
    assert answer.status == 0
    [finding, counts] = answer.out.splitlines()
    assert finding.startswith("00000.tar  ")
    assert "control-characters: 3 captions" in finding
    assert "U+001B" in finding
    assert counts == "1 shards, 3 samples, 0 findings, 1 warnings"


def test_tables_are_verified_so_too(run):
    assert call("select", run, *ONE).status == 0
    assert call("write", run, "--format", "parquet", *ONE).status == 0
    answer = call("verify", run / "shards")
    assert answer.status == 0
    assert "control-characters: 3 captions" in answer.out


@pytest.mark.parametrize("caption", ["a dog\n", "a\tdog\r\n", "two\n\nlines", "👩\u200d👩\u200d👧"])
def test_lines_and_tabs_are_not_named(caption, tmp_path):
    pair = MadePair(1, caption)
    members = [("1.jpg", pair.content), ("1.txt", caption.encode())]
    write_members(tmp_path / "0.tar", members)
    answer = call("verify", tmp_path)
    assert (answer.status, answer.out) == (0, "1 shards, 1 samples, 0 findings\n")
