"""Captions for some of the sparse pairs: a budget, parts, a worklist for elsewhere, a pilot."""

import json
import re
import shutil
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.tables import WORKLIST

from ..support.commands import COMMAND, call
from ..support.messages import assert_refused, numbers_in
from ..support.services import serve
from ..support.shards import MadePair, make_jpeg, read_tar, tree_bytes, write_source

pytestmark = pytest.mark.slow

ONE = ("--workers", "1")
SPARSE = ["a dog", "a cat", None, "two boats", "a red ball", "a dog"]
FULL = (
    "a large brown dog and a small white cat sleep on a red woollen rug in front of an old stone "
    "fireplace, and a tall man in a green jacket reads a yellow newspaper in a leather armchair"
)
SHARDS = 3


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Three scored shards: six sparse captions each, one of them twice, and two full ones."""
    folder = tmp_path_factory.mktemp("scored")
    for shard in range(SHARDS):
        pairs = [
            MadePair(10 * shard + (0 if at == 5 else at), caption, image=make_jpeg(at, (8 + at, 8)))
            for at, caption in enumerate([*SPARSE, FULL, FULL])
        ]
        write_source(folder / f"in/{shard}.tar", pairs)
    command = ("score", folder / "in", "--out", folder / "run", "--statistics", "prior", *ONE)
    assert call(*command).status == 0
    return folder / "run"


@pytest.fixture
def run(scored, tmp_path):
    return shutil.copytree(scored, tmp_path / "run")


def rows(run, table):
    tables = [pq.read_table(path) for path in sorted((run / table).glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def by_service(service, *more):
    return ("--captioner", "m", "--endpoint", service.url, *more, *ONE)


def sparsest(run, count):
    """Return the uids of the pairs with the least information."""
    sparse = [row for row in rows(run, "scores") if row["sparse"]]
    ordered = sorted(sparse, key=lambda row: (row["information_bits"], row["uid"]))
    return {row["uid"] for row in ordered[:count]}


class TestBudget:
    def test_the_sparsest_pairs_are_captioned(self, run):
        with serve() as service:
            for most in (7, 9):
                options = by_service(service, "--max-captions", most)
                assert call("enrich", run, *options).status == 0
                captioned = {row["uid"] for row in rows(run, "captions")}
                assert captioned == sparsest(run, most)
                assert len(service.asked) == len(captioned)


class TestParts:
    def test_parts_together_write_what_one_process_writes(self, run, tmp_path):
        whole = shutil.copytree(run, tmp_path / "whole")
        with serve() as service:
            assert call("enrich", whole, *by_service(service)).status == 0
            asked = len(service.asked)
            first = call("enrich", run, *by_service(service, "--part", "1/2"))
            last = first.out.splitlines()[-1]
            assert ("1/2" in last, numbers_in(last)) == (True, [1])
            assert_refused(call("select", run, *ONE), run, "evenpair enrich")
            assert call("enrich", run, *by_service(service, "--part", "1/2")).status == 0
            assert len(service.asked) == asked + asked * 2 // SHARDS
            assert call("enrich", run, *by_service(service, "--part", "2/2")).status == 0
            assert len(service.asked) == 2 * asked
        assert tree_bytes(run / "captions") == tree_bytes(whole / "captions")
        assert call("select", run, *ONE).status == 0

    @pytest.mark.timeout(600)
    def test_a_killed_part_is_resumed_after_the_other_is_done(self, run):
        with serve(seconds=60) as service:
            options = by_service(service, "--concurrency", "2")
            part = [COMMAND, "enrich", run, *options, "--part", "1/2"]
            process = subprocess.Popen([*map(str, part)], stdout=subprocess.DEVNULL)
            while not service.asked:
                assert process.poll() is None
            service.seconds = 0.0
            for more, named in (
                (("--part", "1/2"), "1/2"),
                (("--part", "2/2", "--max-captions", "3"), "--max-captions"),
                ((), run),
            ):
                assert_refused(call("enrich", run, *options, *more), named)
            done = call("enrich", run, *options, "--part", "2/2")
            assert (done.status, process.poll()) == (0, None)
            last = done.out.splitlines()[-1]
            assert ("2/2" in last, numbers_in(last)) == (True, [2])
            process.kill()
            assert process.wait() == -9
            assert call("enrich", run, *options, "--part", "1/2").status == 0
        assert {row["uid"] for row in rows(run, "captions")} == sparsest(run, None)
        assert call("select", run, *ONE).status == 0


class TestWorklist:
    OPTIONS = ("--max-captions", "8", "--reference-sample", "9")

    def test_it_lists_the_pairs_that_enrich_would_caption(self, run, tmp_path):
        before = tree_bytes(run)
        answers = [
            call("enrich", run, "--worklist", tmp_path / name, *self.OPTIONS, *ONE)
            for name in ("a.parquet", "b.parquet")
        ]
        assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * 2
        assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
        assert tree_bytes(run) == before
        table = pq.read_table(tmp_path / "a.parquet")
        assert table.schema.equals(WORKLIST)
        assert numbers_in(answers[0].out)[0] == table.num_rows > 8
        listed = table.to_pylist()
        assert [row for row in listed if f"{row['key']}.jpg" not in read_tar(row["path"])] == []
        with serve() as service:
            assert call("enrich", run, *by_service(service, *self.OPTIONS)).status == 0
            assert len(service.asked) == table.num_rows
        captioned = {(row["uid"], row["shard"]) for row in rows(run, "captions")}
        pairs = [(row["uid"], row["shard"]) for row in listed]
        assert len(set(pairs)) == len(pairs)
        assert set(pairs) == captioned
        raw = {row["uid"]: row["caption"] for row in rows(run, "scores")}
        assert [row["caption_raw"] for row in listed] == [raw[uid] for uid, _ in pairs]

    def test_captions_made_from_it_give_the_same_table(self, run, tmp_path):
        here = shutil.copytree(run, tmp_path / "here")
        with serve() as service:
            assert call("enrich", here, *by_service(service)).status == 0
        generated = {row["uid"]: row["caption"] for row in rows(here, "captions")}
        assert call("enrich", run, "--worklist", tmp_path / "work.parquet", *ONE).status == 0
        work = pq.read_table(tmp_path / "work.parquet")
        captions = pa.array([generated[uid] for uid in work["uid"].to_pylist()])
        done = work.append_column("caption", captions).append_column(
            "model", pa.array(["m"] * len(work))
        )
        pq.write_table(done.take(list(range(len(done)))[::-1]), tmp_path / "done.parquet")
        joined = ("--captions", tmp_path / "done.parquet", "--join", "uid")
        assert call("enrich", run, *joined, *ONE).status == 0
        assert [{**r, "prompt": ""} for r in rows(here, "captions")] == rows(run, "captions")

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            (("--worklist", "w.csv"), ["w.csv", ".parquet"]),
            (("--worklist", "w.parquet", "--captioner", "demo"), ["--worklist", "--captioner"]),
            (("--pilot", "3"), ["--pilot", "--captioner"]),
            (("--pilot", "0", "--captioner", "demo"), ["--pilot", "1", "0"]),
            (("--pilot", "3", "--captioner", "demo", "--part", "1/2"), ["--pilot", "--part"]),
        ],
    )
    def test_impossible_options_are_refused(self, run, options, named):
        assert_refused(call("enrich", run, *options, *ONE), *named)


class TestPilot:
    def test_its_captions_are_kept_and_used_by_the_whole(self, run, tmp_path):
        whole = shutil.copytree(run, tmp_path / "whole")
        with serve() as service:
            assert call("enrich", whole, *by_service(service)).status == 0
            asked = len(service.asked)
            before = json.loads((run / "run.json").read_text())
            answer = call("enrich", run, *by_service(service, "--pilot", "4"))
            assert (answer.status, answer.err) == (0, "")
            assert len(service.asked) == asked + 4 + 1  # one to warm up
            assert len(rows(run, "answers")) == 4
            assert not (run / "captions").exists()
            after = json.loads((run / "run.json").read_text())
            assert after["pilot"]["took"]["images"] == 4
            assert after == before | {"pilot": after["pilot"]}
            again = call("enrich", run, *by_service(service, "--pilot", "4"))
            assert again.out == answer.out
            assert len(service.asked) == asked + 5
            assert call("enrich", run, *by_service(service)).status == 0
            assert len(service.asked) == 2 * asked + 1
        assert tree_bytes(run / "captions") == tree_bytes(whole / "captions")

    def test_it_estimates_the_cost_of_the_whole_and_of_the_rest(self, run):
        with serve() as service:
            answer = call("enrich", run, *by_service(service, "--pilot", "4"))
        pilot, whole, rest, words = answer.out.splitlines()
        assert (numbers_in(pilot)[0], numbers_in(whole)[0], numbers_in(rest)[0]) == (4, 15, 11)
        assert re.search(r"[\d.]+ service (seconds|minutes), [\d.]+ kB", whole)
        assert re.findall(r"[\d.]+", words) == ["3.0"]

    def test_run_with_a_pilot_stops_before_select(self, scored, tmp_path):
        command = ("run", scored.parent / "in", "--out", tmp_path / "run")
        with serve() as service:
            options = by_service(service, "--statistics", "prior")
            answer = call(*command, "--pilot", "3", *options)
            assert (answer.status, answer.err) == (0, "")
            assert numbers_in(answer.out.splitlines()[0])[0] == 3
            assert not (tmp_path / "run/selection").exists()
            assert call(*command, *options).status == 0
        assert (tmp_path / "run/report.html").exists()
