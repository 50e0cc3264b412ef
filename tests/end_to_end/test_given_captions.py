"""Captions from elsewhere: read, joined by what they have in common with the pairs, only used."""

import gzip
import json
import random
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner import execution, translations
from hypothesis import given
from hypothesis import strategies as st

from evenpair.pipeline.runs.work import Work
from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.enrich.check_caption import check_caption
from evenpair.transforms.join.explain_join import explain_join
from evenpair.transforms.join.match_given_captions import find_places, into_buckets, match
from evenpair.transforms.join.read_given_captions import GivenFile, fields_of, read_given_captions

from ..support.commands import call
from ..support.shards import MadePair, read_shards, tree_bytes, write_source

ONE = ("--workers", "1")
FULL = (
    "a large brown dog and a small white cat sleep on a red woollen rug in front of an old stone "
    "fireplace, and a tall man in a green jacket reads a yellow newspaper in a leather armchair"
)
RAW = ["a dog", "a cat on a rug", FULL, "犬がいます", "two boats", None]
SAID = "a small black dog lies on a wooden table. A red ball is beside it."


def uid(number):
    return f"{number:032x}"


def sha256(number):
    return f"{number:064x}"


def url(number):
    return f"https://example.invalid/{number}.jpg"


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


def write_lines(path, rows):
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


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
            {"sha256": sha256(0).upper(), "caption": SAID, "model": "farm"},
            {"sha256": sha256(99), "caption": "a train"},
            {"sha256": None, "caption": "a boat"},
            *({"sha256": sha256(number), "caption": SAID} for number in (1, 2, 3)),
        ]
        write_lines(tmp_path / "one.jsonl.gz", lines)
        rows = [(0, "said too late"), (4, ""), (10, SAID), (98, "a bus")]
        hashes, captions = zip(*((sha256(number), said) for number, said in rows), strict=True)
        table = pa.table({"sha256": hashes, "re_caption": captions, "caption": ["raw"] * 4})
        pq.write_table(table, tmp_path / "two.parquet")
        return f"{tmp_path}/{{one.jsonl.gz,two.parquet}}"

    def test_captions_find_their_pairs(self, run, files):
        answer = enrich(run, files, "sha256")
        assert (answer.status, answer.err) == (0, "")
        assert answer.out.splitlines()[:2] == [
            "captions from elsewhere: 6 of 12 pairs have one, 6 have none",
            "6 of 9 captions have a pair, 2 have none, 1 repeat another, "
            "1 rows lack a caption or what it is joined on",
        ]
        found = {row["uid"]: row for row in captions_of(run)}
        assert set(found) == {uid(number) for number in (0, 1, 2, 4, 10)}  # 3 cannot be read
        assert [found[uid(n)]["model"] for n in (0, 1, 10)] == ["farm", "one", "two"]
        assert [found[uid(n)]["fault"] for n in (0, 4)] == [None, "empty"]
        assert found[uid(0)]["caption"] == check_caption(SAID)[0]
        assert {("dog", "black"), ("ball", "red")} <= {
            tuple(fact.values()) for fact in found[uid(10)]["attributes"]
        }

    def test_only_sparse_captions_change_and_others_are_judged(self, run, files):
        assert enrich(run, files, "sha256").status == 0
        assert call("select", run, *ONE).status == 0
        assert call("write", run, *ONE).status == 0
        written = {s["json"]["uid"]: s["json"] for s in read_shards(run / "shards")}
        judged = {
            row["uid"]: (row["caption_source"], row["imbalance_basis"])
            for path in sorted((run / "selection").glob("*.parquet"))
            for row in pq.read_table(path).to_pylist()
        }
        assert {n: judged[uid(n)] for n in (0, 2, 3, 4, 5, 12)} == {
            0: ("fused", "reference"),
            2: ("raw", "reference"),
            3: ("raw", "corpus"),
            4: ("raw", "corpus"),
            5: ("raw", "corpus"),
            12: ("raw", "corpus"),
        }
        assert 0 < written[uid(2)]["imbalance_before"] == written[uid(2)]["imbalance_after"] < 1
        assert written[uid(2)]["caption_generated"] == check_caption(SAID)[0]
        assert written[uid(3)]["imbalance_before"] is None
        page = (run / "report.html").read_text()
        assert "6 of 9 captions have a pair" in page
        assert "in the pairs with a caption from elsewhere" in page

    def test_again_does_nothing_until_a_file_changes(self, run, tmp_path):
        path = write_lines(tmp_path / "c.jsonl", [{"uid": uid(0), "caption": SAID}])
        assert enrich(run, path, "uid").status == 0
        before = {p: p.stat().st_mtime_ns for p in run.rglob("[!.]*")}
        again = enrich(run, path, "uid")
        assert (again.status, again.out.splitlines()[1]) == (
            0,
            "1 of 1 captions have a pair, 0 have none",
        )
        assert {p: p.stat().st_mtime_ns for p in run.rglob("[!.]*")} == before
        write_lines(path, [{"uid": uid(0), "caption": "two cats"}])
        assert enrich(run, path, "uid").status == 0
        assert [row["caption"] for row in captions_of(run)] == ["two cats"]

    def test_neither_pieces_nor_what_is_fused_show(self, run, tmp_path, monkeypatch):
        numbers = (*range(6), *range(10, 16), 0)
        rows = [{"url": url(n), "caption": f"a red ball beside {n} dogs"} for n in numbers]
        random.Random(0).shuffle(rows)
        path = write_lines(tmp_path / "c.jsonl", rows)
        other = shutil.copytree(run, tmp_path / "other")
        assert enrich(other, path, "url").status == 0

        shuffled = []
        append = execution.GroupingBuffer.append
        note = lambda buffer, data: (shuffled.append(data), append(buffer, data))  # noqa: E731
        monkeypatch.setattr(execution.GroupingBuffer, "append", note)
        monkeypatch.setattr(translations.Stage, "can_fuse", lambda *_: False)
        monkeypatch.setattr("evenpair.transforms.join.read_given_captions.ROWS", 2)
        assert enrich(run, path, "url").status == 0
        assert len(captions_of(run)) == 10
        assert tree_bytes(run / "captions") == tree_bytes(other / "captions")
        assert len(shuffled) > 2
        assert [data for data in shuffled if b"a red ball" in data] == []
        assert not (run / "work").exists()

    def test_the_whole_job(self, run, files, tmp_path):
        inputs, out = run.parent / "in", tmp_path / "whole"
        make_source(inputs / "a.tar", 0)
        options = (inputs, "--out", out, "--captions", files, "--join", "sha256", *ONE)
        answer = call("run", *options, "--statistics", "prior", "--max-imbalance", "0.9")
        assert (answer.status, answer.err) == (0, "")
        assert "captions from elsewhere: 5 of 6 pairs have one" in answer.out
        assert "pairs with a caption from elsewhere)" in answer.out
        assert json.loads((out / "run.json").read_text())["joined"]["captions_joined"] == 5


def test_workers_elsewhere_must_see_the_files(run):
    work = Work(Phase.ENRICH, 2, RunDirectory(str(run)), files=["/captions/a.parquet"])
    assert work.paths() == [str(run), "/captions/a.parquet"]


class TestNoPartner:
    def test_none_at_all_is_wrong_usage(self, run, tmp_path):
        rows = [{"uid": sha256(n), "sha256": sha256(n), "caption": SAID} for n in range(4)]
        path = write_lines(tmp_path / "c.jsonl", rows)
        answer = enrich(run, path, "uid")
        assert answer.status == 2
        said = f"--captions {path} --join uid: not one caption found its pair: "
        assert answer.err == f"evenpair: {said}--join sha256 would find 4 of the first 4\n"
        answer = call("select", run, *ONE)
        assert (answer.status, "enrich is not done" in answer.err) == (2, True)

    def test_almost_none_is_said(self, run, tmp_path):
        rows = [{"url": url(n).upper(), "caption": SAID} for n in range(6)]
        rows += [{"url": url(10), "caption": SAID}, *({"url": url(n)} for n in range(50, 80))]
        rows = [{"caption": SAID, **row} for row in rows]
        path = write_lines(tmp_path / "c.jsonl", rows)
        table = pq.read_table(run / "scores/a.parquet")
        pq.write_table(pa.concat_tables([table] * 4), run / "scores/a.parquet")
        answer = enrich(run, path, "url")
        assert (answer.status, answer.err) == (0, "")
        assert answer.out.splitlines()[2].startswith("almost none were joined: their urls are the ")

    @pytest.mark.parametrize(
        ("on", "sample", "said"),
        [
            ("uid", {"uid": ["x"], "url": ["u1", "v"]}, "--join url would find 1 of the first 2"),
            (
                "url",
                {"url": ["HTTP://www.e.invalid/a.jpg?w=9"]},
                "their urls are the run's but for",
            ),
            ("uid", {"uid": ["s1"]}, "what they call uid is the run's sha256"),
            ("uid", {"uid": ["000000001"]}, "what they call uid is the run's key"),
            ("url", {"url": ["q"], "key": ["000000001"]}, "only their keys are the run's"),
            ("url", {"url": []}, "no caption has a url"),
            ("uid", {"uid": ["q"]}, "they have such as q, the run such as 0a; a pair without"),
        ],
    )
    def test_a_reason(self, on, sample, said):
        pairs = {"uid": ["0a"], "sha256": ["s1"], "url": ["u1"], "key": ["000000001"]}
        other = {**pairs, "sha256": [None], "url": ["https://e.invalid/a.jpg"]}
        tables = [pa.table(pairs), pa.table(other).cast(pa.table(pairs).schema)]
        given = {name: pa.array(values, pa.string()) for name, values in sample.items()}
        assert explain_join(given, lambda: tables, on).startswith(said)

    def test_a_run_without_hashes(self):
        columns = {"uid": ["0a"], "sha256": [None], "url": ["u"], "key": ["k"]}
        table = pa.table({name: pa.array(v, pa.string()) for name, v in columns.items()})
        said = explain_join({"sha256": pa.array(["s"])}, lambda: [table], "sha256")
        assert said.startswith("the run's pairs have no sha256; img2dataset")


KEYS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=9)


@given(KEYS, KEYS, KEYS, st.randoms(use_true_random=False))
def test_of_several_captions_the_first_counts(pairs, first, second, chance):
    places = [
        find_places(column, column.is_valid(), number, is_given=is_given)
        for number, keys, is_given in ((7, pairs, False), (0, first, True), (1, second, True))
        for column in [pa.array(keys, pa.string())]
    ]
    buckets = {}
    for place in places:
        for bucket, part in into_buckets(place):
            buckets.setdefault(bucket, []).append(part)
    found, used = {}, 0
    for parts in buckets.values():
        chance.shuffle(parts)
        matches, counts = match(parts)
        used += counts["captions_joined"]
        for piece, (captions, sources, rows) in matches.items():
            assert set(sources.tolist()) == {7}
            found |= {
                row: (piece, at) for row, at in zip(rows.tolist(), captions.tolist(), strict=True)
            }
    places_of = {}
    for piece, keys in ((1, second), (0, first)):
        places_of |= {key: (piece, at) for at, key in reversed([*enumerate(keys)])}
    expected = {row: places_of[key] for row, key in enumerate(pairs) if key and key in places_of}
    assert found == expected
    assert used == len(set(expected.values()))


WRITTEN = [
    {"uid": uid(1).upper(), "caption": "a dog", "model": "m"},
    {"uid": f" {uid(2)[:8]}-{uid(2)[8:]} ", "caption": "a cat", "model": None},
    {"uid": "", "caption": None, "model": None},
]
READ = [(uid(1), "a dog", "m"), (uid(2), "a cat", "c"), (None, None, "c")]


class TestFiles:
    @pytest.mark.parametrize("name", ["c.jsonl", "c.part.ndjson.gz", "c.parquet", "c.pq"])
    def test_every_form_reads_the_same(self, tmp_path, name):
        path = tmp_path / name
        if "json" in name:
            write_lines(path, WRITTEN)
        else:
            pq.write_table(pa.Table.from_pylist(WRITTEN), path)
        tables = read_given_captions(GivenFile(0, str(path), "uid", "caption"))
        assert [tuple(row.values()) for table in tables for row in table.to_pylist()] == READ

    def test_a_line_that_is_no_object_says_nothing(self, tmp_path):
        path = tmp_path / "c.jsonl"
        said = b'{"url": "u", "text": "t\\ud83d", "model": 3}'
        path.write_bytes(said + b'\n{"url": \n[1]\n\xff\n\n{"url": 4}')
        [table] = read_given_captions(GivenFile(0, str(path), "url", "text"))
        assert table["on"].to_pylist() == ["u", *[None] * 5]
        assert table["caption"].to_pylist() == ["t?", *[None] * 5]

    def test_a_file_that_breaks_off_is_one_line(self, run, tmp_path):
        path = write_lines(
            tmp_path / "c.jsonl.gz", [{"uid": uid(n), "caption": SAID} for n in range(99)]
        )
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(EvenpairError, match=r"c\.jsonl\.gz: it cannot be read to its end"):
            list(read_given_captions(GivenFile(0, str(path), "uid", "caption")))
        answer = enrich(run, path, "uid")
        assert (answer.status, answer.err.count("\n")) == (1, 1)
        assert answer.err.startswith(f"evenpair: {path}: it cannot be read to its end")

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            (
                "c.csv",
                b"uid,caption\n",
                "is no Parquet file, and its name does not end with .jsonl",
            ),
            ("c.jsonl", b"[1]\n", "its first line is no JSON object"),
            ("c.jsonl.gz", b"{}", "it is not compressed as its name says"),
        ],
    )
    def test_what_holds_no_captions_is_refused(self, tmp_path, name, content, said):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=said):
            fields_of(str(tmp_path / name))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--captions", "gone.jsonl", "--join", "uid"), "no captions at gone.jsonl"),
        (("--captions", "c.jsonl"), "need each other"),
        (("--join", "uid"), "need each other"),
        (("--captions", "c.jsonl", "--join", "url"), "has no url to join on (--join url): it has"),
        (("--captions", "d.jsonl", "--join", "uid"), "has no captions: name them one of"),
        (("--captions", "e.jsonl", "--join", "uid"), "there is no line in any of these files"),
        (
            ("--captions", "c.jsonl", "--join", "uid", "--captioner", "demo"),
            "leave out --captioner",
        ),
        (("--captions", "c.jsonl", "--join", "uid", "--max-captions", "9"), "out --max-captions"),
        (("--captions", "c.jsonl", "--join", "uid", "--part", "1/2"), "leave out --part"),
        (("--captions", "c.jsonl", "--join", "uid", "--endpoint", "http://h"), "--endpoint needs"),
        (("--captions", "c.jsonl", "--join", "uid", "--pilot", "9"), "--pilot needs --captioner"),
        (("--captions", "c.jsonl", "--join", "uid", "--worklist", "w.parquet"), "out --captions"),
    ],
)
def test_what_cannot_be_meant_is_one_line(run, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "c.jsonl", [{"uid": uid(0), "caption": SAID}])
    write_lines(tmp_path / "d.jsonl", [{"uid": uid(0), "width": 3}])
    write_lines(tmp_path / "e.jsonl", [])
    answer = call("enrich", run, *options, *ONE)
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert said in answer.err
    assert json.loads((run / "run.json").read_text())["phases"].keys() == {"score"}
