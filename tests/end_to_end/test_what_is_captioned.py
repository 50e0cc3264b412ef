"""Before and while paying: a worklist for elsewhere, a pilot, a budget, several processes."""

import json
import re
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.source import Source
from evenpair.schemas.tables import WORKLIST
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.enrich.caption_budget import Budget, find_budget, is_within
from evenpair.transforms.enrich.choose_pilot import choose_pilot, share_out

from ..support.commands import COMMAND, call
from ..support.services import serve
from ..support.shards import MadePair, make_jpeg, read_tar, tree_bytes, write_source

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
    """The uids of the pairs that say least, as a person would look for them."""
    sparse = [row for row in rows(run, "scores") if row["sparse"]]
    ordered = sorted(sparse, key=lambda row: (row["information_bits"], row["uid"]))
    return {row["uid"] for row in ordered[:count]}


class TestBudget:
    def test_it_is_spent_on_the_sparsest(self, run):
        with serve() as service:
            for most in (7, 9):
                options = by_service(service, "--max-captions", most)
                assert call("enrich", run, *options).status == 0
                found = {row["uid"] for row in rows(run, "captions")}
                assert found == sparsest(run, most)
                assert len(service.asked) == len(found)

    @given(
        st.lists(st.lists(st.tuples(st.sampled_from([0.0, 3.0, 3.0001, 8.5]), st.booleans()))),
        st.integers(0, 12),
    )
    def test_no_way_of_splitting_shows(self, parts, count):
        flat = [(bits, sparse) for part in parts for bits, sparse in part]
        ids = iter(np.random.default_rng(0).permutation(len(flat)).tolist())
        schema = pa.schema(
            [("uid", pa.string()), ("sparse", pa.bool_()), ("information_bits", pa.float64())]
        )
        tables = [
            pa.Table.from_pylist(
                [{"uid": f"{next(ids):032x}", "sparse": s, "information_bits": b} for b, s in part],
                schema=schema,
            )
            for part in parts
        ]
        budget = find_budget(lambda: tables, count)
        assert budget is None or isinstance(budget, Budget)
        chosen = [row["uid"] for t in tables for row in t.filter(is_within(t, budget)).to_pylist()]
        sparse = [row for t in tables for row in t.to_pylist() if row["sparse"]]
        sparse.sort(key=lambda row: (row["information_bits"], row["uid"]))
        assert sorted(chosen) == sorted(row["uid"] for row in sparse[:count])


class TestParts:
    def test_parts_give_what_the_whole_gives(self, run, tmp_path):
        whole = shutil.copytree(run, tmp_path / "whole")
        with serve() as service:
            assert call("enrich", whole, *by_service(service)).status == 0
            asked = len(service.asked)
            first = call("enrich", run, *by_service(service, "--part", "1/2"))
            assert (
                first.out.splitlines()[-1] == "part 1/2 is done; 1 shards are left to other parts"
            )
            assert "enrich is not done" in call("select", run, *ONE).err
            assert call("enrich", run, *by_service(service, "--part", "1/2")).status == 0
            assert len(service.asked) == asked + asked * 2 // SHARDS
            assert call("enrich", run, *by_service(service, "--part", "2/2")).status == 0
            assert len(service.asked) == 2 * asked
        assert tree_bytes(run / "captions") == tree_bytes(whole / "captions")
        assert call("select", run, *ONE).status == 0

    def test_one_is_killed_and_does_not_mind_the_other(self, run):
        with serve(seconds=60) as service:
            options = by_service(service, "--concurrency", "2")
            part = [COMMAND, "enrich", run, *options, "--part", "1/2"]
            process = subprocess.Popen([*map(str, part)], stdout=subprocess.DEVNULL)
            while not service.asked:
                assert process.poll() is None
            service.seconds = 0.0
            for more, said in (
                (("--part", "1/2"), "at work on part 1/2"),
                (("--part", "2/2", "--max-captions", "3"), "with another --max-captions"),
                ((), "another evenpair is at work"),
            ):
                refused = call("enrich", run, *options, *more)
                assert (refused.status, said in refused.err) == (2, True)
            done = call("enrich", run, *options, "--part", "2/2")
            assert (done.status, process.poll()) == (0, None)
            assert done.out.endswith("part 2/2 is done; 2 shards are left to other parts\n")
            process.kill()
            assert process.wait() == -9
            assert call("enrich", run, *options, "--part", "1/2").status == 0
        assert {row["uid"] for row in rows(run, "captions")} == sparsest(run, None)
        assert call("select", run, *ONE).status == 0


class TestWorklist:
    OPTIONS = ("--max-captions", "8", "--reference-sample", "5")

    def test_it_names_what_would_be_captioned(self, run, tmp_path):
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
        assert answers[0].out.startswith(f"{table.num_rows} images to caption: ")
        for row in table.to_pylist():
            assert f"{row['key']}.jpg" in read_tar(row["path"])
        with serve() as service:
            assert call("enrich", run, *by_service(service, *self.OPTIONS)).status == 0
            assert len(service.asked) == table.num_rows > 8
        captioned = {(row["uid"], row["shard"]) for row in rows(run, "captions")}
        listed = [(row["uid"], row["shard"]) for row in table.to_pylist()]
        assert len(set(listed)) == len(listed)
        assert set(listed) == captioned
        raw = {row["uid"]: row["caption"] for row in rows(run, "scores")}
        assert table["caption_raw"].to_pylist() == [raw[uid] for uid, _ in listed]

    def test_captions_made_by_it_come_back(self, run, tmp_path):
        here = shutil.copytree(run, tmp_path / "here")
        with serve() as service:
            assert call("enrich", here, *by_service(service)).status == 0
        said = {row["uid"]: row["caption"] for row in rows(here, "captions")}
        assert call("enrich", run, "--worklist", tmp_path / "work.parquet", *ONE).status == 0
        work = pq.read_table(tmp_path / "work.parquet")
        captions = pa.array([said[uid] for uid in work["uid"].to_pylist()])
        done = work.append_column("caption", captions).append_column(
            "model", pa.array(["m"] * len(work))
        )
        pq.write_table(done.take(list(range(len(done)))[::-1]), tmp_path / "done.parquet")
        joined = ("--captions", tmp_path / "done.parquet", "--join", "uid")
        assert call("enrich", run, *joined, *ONE).status == 0
        assert [{**r, "prompt": ""} for r in rows(here, "captions")] == rows(run, "captions")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--worklist", "w.csv"), "w.csv: its name must end with .parquet"),
            (("--worklist", "w.parquet", "--captioner", "demo"), "leave out --captioner"),
            (("--pilot", "3"), "--pilot needs --captioner"),
            (("--pilot", "0", "--captioner", "demo"), "--pilot must be at least 1"),
            (("--pilot", "3", "--captioner", "demo", "--part", "1/2"), "leave out --part"),
        ],
    )
    def test_what_cannot_be_meant_is_one_line(self, run, options, said):
        answer = call("enrich", run, *options, *ONE)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert said in answer.err


class TestPilot:
    def test_its_captions_are_kept_and_used(self, run, tmp_path):
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
            assert after.pop("pilot")["took"]["images"] == 4
            assert after == before
            again = call("enrich", run, *by_service(service, "--pilot", "4"))
            assert again.out == answer.out
            assert len(service.asked) == asked + 5
            assert call("enrich", run, *by_service(service)).status == 0
            assert len(service.asked) == 2 * asked + 1
        assert tree_bytes(run / "captions") == tree_bytes(whole / "captions")

    def test_what_it_says(self, run):
        with serve() as service:
            answer = call("enrich", run, *by_service(service, "--pilot", "4"))
        [first, all_, left, words] = answer.out.splitlines()
        assert first.startswith("pilot  4 images captioned, ")
        assert first.endswith(" a second, by m on service")
        assert all_.startswith("all    15 images: ")
        assert re.search(r": [\d.]+ service (seconds|minutes), [\d.]+ kB to read$", all_)
        assert left.startswith("left   11 images: ")
        assert words == "captions of 3.0 words on average"

    def test_run_scores_and_stops(self, scored, tmp_path):
        command = ("run", scored.parent / "in", "--out", tmp_path / "run")
        with serve() as service:
            options = by_service(service, "--statistics", "prior")
            answer = call(*command, "--pilot", "3", *options)
            assert (answer.status, answer.err) == (0, "")
            assert answer.out.startswith("pilot  3 images captioned, ")
            assert not (tmp_path / "run/selection").exists()
            assert call(*command, *options).status == 0
        assert (tmp_path / "run/report.html").exists()


@given(
    st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9)),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_shares_fill_batches_and_add_up(counts, count, at_once):
    shares = share_out(counts, count, at_once)
    assert sum(shares.values()) == min(count, sum(counts.values()))
    assert {name: share <= counts[name] for name, share in shares.items()} == dict.fromkeys(
        shares, True
    )
    partly = [n for n, share in shares.items() if share < counts[n] and share % at_once]
    assert len(partly) <= 1


def test_a_pilot_is_chosen_by_uid_alone():
    table = pa.table({"uid": [f"{number:032x}" for number in range(50)]})
    unit = Unit(Source(0, "s", "s.tar"), table, Tally(50))
    turned = Unit(unit.source, table.take(list(range(50))[::-1]), unit.tally)
    chosen = choose_pilot(unit, 20).table["uid"].to_pylist()
    assert len(chosen) == 20
    assert chosen == sorted(chosen)
    assert choose_pilot(turned, 20).table["uid"].to_pylist() == chosen[::-1]
    assert set(choose_pilot(unit, 9).table["uid"].to_pylist()) < set(chosen)
