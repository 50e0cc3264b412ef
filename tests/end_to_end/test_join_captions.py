"""Captions from elsewhere in a run: joined with its pairs, and used as a captioner's are."""

import json
import random
import re
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner import execution, translations

from evenpair.transforms.enrich.check_caption import check_caption

from ..support.captions import GENERATED, sha256, uid, url, write_lines
from ..support.commands import call
from ..support.messages import assert_refused, numbers_in, unnamed
from ..support.shards import MadePair, read_shards, tree_bytes, write_source

pytestmark = pytest.mark.slow

ONE = ("--workers", "1")
FULL = (
    "a large brown dog and a small white cat sleep on a red woollen rug in front of an old stone "
    "fireplace, and a tall man in a green jacket reads a yellow newspaper in a leather armchair"
)
RAW = ["a dog", "a cat on a rug", FULL, "犬がいます", "two boats", None]


def make_source(path, first):
    pairs = [
        MadePair(
            number, caption, extra={"uid": uid(number), "sha256": sha256(number), "source": "web"}
        )
        for number, caption in enumerate(RAW, first)
    ]
    return write_source(path, pairs, parquet=False)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Two scored shards: the pairs 0 to 5, and 10 to 15."""
    folder = tmp_path_factory.mktemp("given")
    for name, first in (("a", 0), ("b", 10)):
        make_source(folder / f"in/{name}.tar", first)
    inputs = ("score", folder / "in", "--out", folder / "run", "--statistics", "prior", *ONE)
    assert call(*inputs).status == 0
    return folder / "run"


@pytest.fixture
def run(scored, tmp_path):
    return shutil.copytree(scored, tmp_path / "run")


def captions_of(run):
    tables = [pq.read_table(path) for path in sorted((run / "captions").glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def enrich(run, pattern, join):
    return call("enrich", run, "--captions", pattern, "--join", join, *ONE)


class TestJoin:
    @pytest.fixture
    def files(self, tmp_path):
        """Lines and a table: pairs 0 to 4 and 10, one of them twice, and captions of no pair."""
        lines = [
            {"sha256": sha256(0).upper(), "caption": GENERATED, "model": "farm"},
            {"sha256": sha256(99), "caption": "a train"},
            {"sha256": None, "caption": "a boat"},
            *({"sha256": sha256(number), "caption": GENERATED} for number in (1, 2, 3)),
        ]
        write_lines(tmp_path / "one.jsonl.gz", lines)
        rows = [(0, "a second caption"), (4, ""), (10, GENERATED), (98, "a bus")]
        hashes, captions = zip(*((sha256(number), text) for number, text in rows), strict=True)
        table = pa.table({"sha256": hashes, "re_caption": captions, "caption": ["raw"] * 4})
        pq.write_table(table, tmp_path / "two.parquet")
        return f"{tmp_path}/{{one.jsonl.gz,two.parquet}}"

    def test_captions_find_their_pairs(self, run, files):
        answer = enrich(run, files, "sha256")
        assert (answer.status, answer.err) == (0, "")
        # 6 of 12 pairs have a caption, 6 have none; 6 of 9 captions have a pair, 2 have none,
        # 1 repeats another, 1 row lacks a caption or the hash.
        counts = [numbers_in(line) for line in answer.out.splitlines()[:2]]
        assert counts == [[6, 12, 6], [6, 9, 2, 1, 1]]
        captions = {row["uid"]: row for row in captions_of(run)}
        assert set(captions) == {uid(number) for number in (0, 1, 2, 4, 10)}  # 3 is Japanese
        assert [captions[uid(n)]["model"] for n in (0, 1, 10)] == ["farm", "one", "two"]
        assert [captions[uid(n)]["fault"] for n in (0, 4)] == [None, "empty"]
        assert captions[uid(0)]["caption"] == check_caption(GENERATED)[0]
        assert {("dog", "black"), ("ball", "red")} <= {
            tuple(fact.values()) for fact in captions[uid(10)]["attributes"]
        }

    def test_sparse_captions_change_and_others_are_only_judged(self, run, files):
        assert enrich(run, files, "sha256").status == 0
        assert call("select", run, *ONE).status == 0
        assert call("write", run, *ONE).status == 0
        written = {s["json"]["uid"]: s["json"] for s in read_shards(run / "shards")}
        judged = {
            row["uid"]: (row["caption_source"], row["coverage"] is not None)
            for path in sorted((run / "selection").glob("*.parquet"))
            for row in pq.read_table(path).to_pylist()
        }
        assert {n: judged[uid(n)] for n in (0, 2, 3, 4, 5, 12)} == {
            0: ("fused", True),
            2: ("raw", True),
            3: ("raw", False),
            4: ("raw", False),
            5: ("raw", False),
            12: ("raw", False),
        }
        assert 0 < written[uid(2)]["imbalance_before"] == written[uid(2)]["imbalance_after"] < 1
        assert written[uid(2)]["caption_generated"] == check_caption(GENERATED)[0]
        assert "imbalance_before" not in written[uid(3)]
        paragraphs = re.findall("<p>(.*?)</p>", (run / "report.html").read_text(), re.DOTALL)
        assert [6, 9, 2, 1, 1] in map(numbers_in, paragraphs)

    def test_the_same_files_again_change_nothing(self, run, tmp_path):
        path = write_lines(tmp_path / "c.jsonl", [{"uid": uid(0), "caption": GENERATED}])
        assert enrich(run, path, "uid").status == 0
        before = {p: p.stat().st_mtime_ns for p in run.rglob("[!.]*")}
        again = enrich(run, path, "uid")
        assert (again.status, numbers_in(again.out.splitlines()[1])) == (0, [1, 1, 0])
        assert {p: p.stat().st_mtime_ns for p in run.rglob("[!.]*")} == before
        write_lines(path, [{"uid": uid(0), "caption": "two cats"}])
        assert enrich(run, path, "uid").status == 0
        assert [row["caption"] for row in captions_of(run)] == ["two cats"]

    def test_the_result_does_not_depend_on_pieces_or_fusion(self, run, tmp_path, monkeypatch):
        numbers = (*range(6), *range(10, 16), 0)
        rows = [{"url": url(n), "caption": f"a red ball beside {n} dogs"} for n in numbers]
        random.Random(0).shuffle(rows)
        path = write_lines(tmp_path / "c.jsonl", rows)
        other = shutil.copytree(run, tmp_path / "other")
        assert enrich(other, path, "url").status == 0

        shuffled = []
        append = execution.GroupingBuffer.append

        def append_and_note(buffer, data):
            shuffled.append(data)
            append(buffer, data)

        monkeypatch.setattr(execution.GroupingBuffer, "append", append_and_note)
        monkeypatch.setattr(translations.Stage, "can_fuse", lambda *_: False)
        monkeypatch.setattr("evenpair.transforms.join.read_caption_file.ROWS", 2)
        assert enrich(run, path, "url").status == 0
        assert len(captions_of(run)) == 10
        assert tree_bytes(run / "captions") == tree_bytes(other / "captions")
        assert len(shuffled) > 2
        assert [data for data in shuffled if b"a red ball" in data] == []
        assert not (run / "work").exists()

    def test_the_whole_job_takes_them_instead_of_a_captioner(self, run, files, tmp_path):
        inputs, out = run.parent / "in", tmp_path / "whole"
        make_source(inputs / "a.tar", 0)
        options = (inputs, "--out", out, "--captions", files, "--join", "sha256", *ONE)
        answer = call("run", *options, "--statistics", "prior", "--max-imbalance", "0.9")
        assert (answer.status, answer.err) == (0, "")
        assert [5, 6, 1] in map(numbers_in, answer.out.splitlines())
        assert json.loads((out / "run.json").read_text())["joined"]["captions_joined"] == 5


class TestNoPartner:
    def test_captions_that_all_miss_are_refused_with_a_better_column(self, run, tmp_path):
        rows = [{"uid": sha256(n), "sha256": sha256(n), "caption": GENERATED} for n in range(4)]
        path = write_lines(tmp_path / "c.jsonl", rows)
        answer = enrich(run, path, "uid")
        assert_refused(answer, f"--captions {path}", "--join uid", "--join sha256", 4)
        assert_refused(call("select", run, *ONE), run, "evenpair enrich")

    def test_captions_that_almost_all_miss_get_a_reason(self, run, tmp_path):
        rows = [{"url": url(n).upper(), "caption": GENERATED} for n in range(6)]
        rows += [{"url": url(10), "caption": GENERATED}, *({"url": url(n)} for n in range(50, 80))]
        rows = [{"caption": GENERATED, **row} for row in rows]
        path = write_lines(tmp_path / "c.jsonl", rows)
        table = pq.read_table(run / "scores/a.parquet")
        pq.write_table(pa.concat_tables([table] * 4), run / "scores/a.parquet")
        answer = enrich(run, path, "url")
        assert (answer.status, answer.err) == (0, "")
        assert unnamed(answer.out.splitlines()[2], "url", "https") == []


JOINED = ("--captions", "c.jsonl", "--join", "uid")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--captions", "gone.jsonl", "--join", "uid"), ["gone.jsonl"]),
        (("--captions", "c.jsonl"), ["--captions", "--join"]),
        (("--join", "uid"), ["--captions", "--join"]),
        (("--captions", "c.jsonl", "--join", "url"), ["c.jsonl", "--join url", "uid"]),
        (("--captions", "d.jsonl", "--join", "uid"), ["d.jsonl", "caption"]),
        (("--captions", "e.jsonl", "--join", "uid"), ["e.jsonl"]),
        ((*JOINED, "--captioner", "demo"), ["--captions", "--captioner"]),
        ((*JOINED, "--max-captions", "9"), ["--captions", "--max-captions"]),
        ((*JOINED, "--part", "1/2"), ["--captions", "--part"]),
        ((*JOINED, "--endpoint", "http://h"), ["--endpoint", "--captioner"]),
        ((*JOINED, "--pilot", "9"), ["--pilot", "--captioner"]),
        ((*JOINED, "--worklist", "w.parquet"), ["--worklist", "--captions"]),
    ],
)
def test_impossible_options_are_refused(run, tmp_path, monkeypatch, options, named):
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "c.jsonl", [{"uid": uid(0), "caption": GENERATED}])
    write_lines(tmp_path / "d.jsonl", [{"uid": uid(0), "width": 3}])
    write_lines(tmp_path / "e.jsonl", [])
    assert_refused(call("enrich", run, *options, *ONE), *named)
    assert json.loads((run / "run.json").read_text())["phases"].keys() == {"score"}


def test_a_file_that_ends_early_is_named(run, tmp_path):
    rows = [{"uid": uid(number), "caption": GENERATED} for number in range(99)]
    path = write_lines(tmp_path / "c.jsonl.gz", rows)
    path.write_bytes(path.read_bytes()[:-20])
    assert_refused(enrich(run, path, "uid"), path, status=1)
