"""The whole job on small shards: each pair written or rejected by name, the same each time."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.pair import derive_uid
from evenpair.schemas.tables import ACCOUNTING, REJECTIONS, SCORES, SELECTION
from evenpair.schemas.tar import read_members

from ..support.commands import Answer, call
from ..support.shards import MadePair, read_shards, read_tar, reasons_of, tree_bytes, write_source

SCENES = (
    "a dog",
    "a brown dog lies on a red rug in front of a small wooden house",
    "two women ride white horses along a sandy beach",
    "a cat",
    "a man in a blue jacket holds a green umbrella beside a parked car",
    "boats",
)
NO_PICTURE = b"<html>not found</html>" * 9
EXIF = '{"Image Orientation": "1", "Artist": "J\\u00f6rg"}'

FIRST = (
    *(MadePair(number, caption) for number, caption in enumerate(SCENES)),
    MadePair(6, "a page that was saved as a picture", image=NO_PICTURE),
    MadePair(7, None),
    MadePair(8, "赤いじゅうたんの上に犬がいる"),
    MadePair(0, SCENES[0]),
)
SECOND = tuple(
    MadePair(20 + number, caption, extra={"exif": EXIF, "punsafe": number / 8, "n": 2**53 + 1})
    for number, caption in enumerate(SCENES)
)
WRITTEN = [FIRST[at] for at in (0, 1, 2, 3, 4, 5, 8)] + list(SECOND)
KEYS = [f"0000000000000{at}" for at in (0, 1, 2, 3, 4, 5, 8)] + [
    f"0000100000000{at}" for at in range(6)
]
SIZES = [4, 3, 3, 3]
OPTIONS = ("--shard-size", "5", "--workers", "1")
IMG2DATASET = ["url", "caption", "key", "status", "error_message", "width", "height", "sha256"]
ADDED = [
    "uid", "caption_raw", "caption_generated", "caption_source",
    "information_bits", "imbalance_before", "imbalance_after",
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two shards with the same keys; one has what real data has, the other has no parquet."""
    folder = tmp_path_factory.mktemp("inputs")
    write_source(folder / "a" / "00000.tar", FIRST)
    write_source(folder / "b" / "00000.tar", SECOND, parquet=False)
    return folder


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    """The run that the tests look at, and that others must equal."""
    out = tmp_path_factory.mktemp("finished") / "run"
    answer = call("run", inputs / "a", inputs / "b", "--out", out, *OPTIONS)
    assert (answer.status, answer.err) == (0, "")
    return out


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run, to be changed."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def samples(finished):
    return read_shards(finished / "shards")


def states(folder):
    """When each file below a folder was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


class TestShards:
    def test_every_pair_but_the_rejected_is_written_in_order(self, samples):
        assert [sample["__key__"] for sample in samples] == KEYS
        assert [sample["txt"].decode() for sample in samples] == [p.caption for p in WRITTEN]

    def test_images_are_those_of_the_source_to_the_byte(self, samples):
        assert [sample["jpg"] for sample in samples] == [pair.content for pair in WRITTEN]

    def test_the_rest_is_rejected_by_name(self, finished):
        assert reasons_of(finished) == {
            "a/00000:000000006": "undecodable-image",
            "a/00000:000000007": "no-caption",
            "a/00000:000000009": "duplicate-uid",
        }
        [rejected] = pq.read_table(finished / "rejections/write-00001.parquet").to_pylist()
        assert (rejected["phase"], rejected["detail"][:14]) == ("write", "it begins with")

    def test_the_json_keeps_its_fields_and_says_what_was_measured(self, samples, finished):
        selected = [
            row
            for name in ("a/00000", "b/00000")
            for row in pq.read_table(finished / f"selection/{name}.parquet").to_pylist()
            if row["output_key"] in KEYS
        ]
        for sample, pair, row in zip(samples, WRITTEN, selected, strict=True):
            key = row["output_key"]
            came = pair.row(key) | pair.extra
            assert sample["json"] == came | {
                "uid": derive_uid(came["url"], "", "", pair.caption),
                "caption_raw": pair.caption,
                "caption_generated": None,
                "caption_source": "raw",
                **{name: row[name] for name in ADDED[4:]},
            }

    def test_fields_of_the_json_are_kept_to_the_letter(self, inputs, finished):
        before = read_tar(inputs / "b" / "00000.tar")["000000000.json"].decode()
        after = read_tar(finished / "shards" / "00002.tar")["00001000000000.json"].decode()
        kept = [line.rstrip(",") for line in before.splitlines()[1:-1] if '"key"' not in line]
        lines = [line.rstrip(",") for line in after.splitlines()]
        assert lines[1 : len(kept) + 1] == kept
        assert f'    "exif": {json.dumps(EXIF)}' in kept

    def test_bits_and_imbalance_are_those_of_the_captions(self, samples):
        found = {s["txt"].decode(): s["json"] for s in samples}
        sparse, full = found["a dog"], found[SCENES[1]]
        assert 0 < sparse["information_bits"] < full["information_bits"]
        assert full["imbalance_after"] < sparse["imbalance_after"] < 1
        japanese = found[FIRST[8].caption]
        assert (japanese["information_bits"], japanese["imbalance_after"]) == (None, None)

    def test_files_of_the_folder(self, finished):
        assert sorted(path.name for path in (finished / "shards").iterdir()) == [
            *(f"0000{n}{end}" for n in range(4) for end in (".parquet", ".tar", "_stats.json")),
            "sizes.json",
        ]

    def test_sizes_and_statistics(self, finished):
        folder = finished / "shards"
        assert json.loads((folder / "sizes.json").read_text()) == {
            f"0000{number}.tar": size for number, size in enumerate(SIZES)
        }
        stats = [json.loads((folder / f"0000{n}_stats.json").read_text()) for n in range(4)]
        assert stats == [
            {
                "count": size, "successes": size, "failed_to_download": 0, "failed_to_resize": 0,
                "duration": 0, "start_time": 0, "end_time": 0, "status_dict": {"success": size},
            }
            for size in SIZES
        ]  # fmt: skip

    def test_parquets_are_img2datasets_with_more_columns(self, finished, samples):
        tables = [pq.read_table(finished / f"shards/0000{n}.parquet") for n in range(4)]
        others = ["original_width", "original_height", "exif"]
        assert [t.column_names for t in tables] == [
            *[[*IMG2DATASET, *others, *ADDED]] * 2,
            *[[*IMG2DATASET, *others, "punsafe", "n", *ADDED]] * 2,
        ]
        rows = [row for table in tables for row in table.to_pylist()]
        for sample, row in zip(samples, rows, strict=True):
            assert {name: row[name] for name in sample["json"]} == sample["json"]
        kinds = {tables[0].schema.field(n).type for n in ("url", "key", "status", "error_message")}
        assert kinds == {pa.string()}
        assert tables[0].schema.field("width").type == pa.int32()

    def test_archives_hold_nothing_of_the_day_or_the_user(self, finished):
        archive = (finished / "shards" / "00000.tar").read_bytes()
        names = [member.name for member in read_members(archive)]
        assert names == [f"{key}.{end}" for key in KEYS[:4] for end in ("jpg", "json", "txt")]
        headers = {archive[m.offset - 512 : m.offset][100:124] for m in read_members(archive)}
        assert headers == {b"0000444\x000000000\x000000000\x00"}


class TestTables:
    def test_scores_have_the_fields_of_the_source_behind_their_own(self, finished):
        first = pq.read_schema(finished / "scores/a/00000.parquet")
        second = pq.read_schema(finished / "scores/b/00000.parquet")
        assert first.names[: len(SCORES)] == second.names[: len(SCORES)] == SCORES.names
        assert {"exif", "original_width", "status"} <= set(first.names[len(SCORES) :])
        assert {"exif", "punsafe", "n"} <= set(second.names[len(SCORES) :])
        assert [first.field(f.name).type for f in SCORES] == [f.type for f in SCORES]

    def test_selection_and_rejections_have_their_schemas(self, finished):
        selection = pq.read_schema(finished / "selection/a/00000.parquet")
        assert selection.remove_metadata() == SELECTION
        schemas = [pq.read_schema(path) for path in (finished / "rejections").iterdir()]
        assert [schema.remove_metadata() for schema in schemas] == [REJECTIONS] * 5

    def test_every_pair_is_accounted_for(self, finished):
        table = pq.read_table(finished / "accounting.parquet")
        assert table.schema == ACCOUNTING
        assert table.to_pylist() == [
            {
                "shard": "a/00000", "source_successes": 10, "pairs_read": 10, "pairs_written": 7,
                "pairs_rejected": 3,
                "rejected": [("duplicate-uid", 1), ("no-caption", 1), ("undecodable-image", 1)],
            },
            {
                "shard": "b/00000", "source_successes": 6, "pairs_read": 6, "pairs_written": 6,
                "pairs_rejected": 0, "rejected": [],
            },
        ]  # fmt: skip

    def test_the_record_says_what_was_asked_by_what_and_what_came_of_it(self, finished):
        record = json.loads((finished / "run.json").read_text())
        assert record["counts"] == {
            "pairs_read": 16,
            "pairs_written": 13,
            "rejected": {"duplicate-uid": 1, "no-caption": 1, "undecodable-image": 1},
            "members_left_out": {},
        }
        assert {name: phase["done"] for name, phase in record["phases"].items()} == dict.fromkeys(
            ("score", "enrich", "select", "write"), True
        )
        assert record["phases"]["select"]["options"]["shard_size"] == 5
        assert record["phases"]["select"]["options"]["keep_fraction"] is None
        assert {"evenpair", "apache-beam", "spacy", "python"} <= set(record["versions"])

    def test_the_report_shows_counts_reasons_and_pictures(self, finished):
        page = (finished / "report.html").read_text()
        texts = ("13", "16", "undecodable-image", "no-caption", "data:image", SCENES[1])
        assert [text for text in texts if text not in page] == []

    def test_the_report_is_drawn_again(self, copied, finished):
        (copied / "report.html").unlink()
        assert call("report", copied) == Answer(0, f"report: {copied}/report.html\n", "")
        drawn, first = ((run / "report.html").read_bytes() for run in (copied, finished))
        assert drawn == first

    def test_no_report_of_a_run_that_is_not_finished(self, copied):
        record = json.loads((copied / "run.json").read_text())
        record["phases"]["write"]["done"] = False
        (copied / "run.json").write_text(json.dumps(record))
        answer = call("report", copied)
        assert (answer.status, answer.out) == (2, "")
        assert (
            answer.err
            == f"evenpair: write is not done in {copied}: evenpair write {copied} first\n"
        )

    def test_nothing_else_is_left(self, finished):
        assert sorted(path.name for path in finished.iterdir()) == [
            ".lock", "accounting.parquet", "plan.parquet", "rejections", "report.html", "run.json",
            "scores", "selection", "shards", "sources.parquet",
            "statistics.index.npy", "statistics.parquet",
        ]  # fmt: skip


class TestAgain:
    def test_a_second_run_does_nothing(self, inputs, copied):
        before, written = tree_bytes(copied), states(copied)
        answer = call("run", inputs / "a", inputs / "b", "--out", copied, *OPTIONS)
        assert answer.status == 0
        assert "16 pairs read, 13 written" in answer.out
        assert tree_bytes(copied) == before
        untouched = {n for n, at in states(copied).items() if written[n] == at}
        assert {n for n in before if n.startswith(("shards", "scores", "selection"))} <= untouched

    def test_two_workers_write_the_same_bytes(self, inputs, finished, tmp_path):
        options = ["--shard-size", "5", "--workers", "2"]
        answer = call("run", inputs / "a", inputs / "b", "--out", tmp_path / "two", *options)
        assert answer.status == 0
        assert tree_bytes(tmp_path / "two" / "shards") == tree_bytes(finished / "shards")

    def test_the_phases_one_by_one_write_the_same_bytes(self, inputs, finished, tmp_path):
        out = tmp_path / "run"
        one = ["--workers", "1"]
        answers = [
            call("score", inputs / "{a,b}/00000.tar", "--out", out, *one),
            call("select", out, *OPTIONS),
            call("write", out, *one),
        ]
        assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * 3
        assert tree_bytes(out / "shards") == tree_bytes(finished / "shards")
        assert reasons_of(out) == reasons_of(finished)
        written = states(out / "shards")
        assert call("run", inputs / "a", inputs / "b", "--out", out, *OPTIONS).status == 0
        assert states(out / "shards") == written

    def test_a_new_threshold_redoes_select_and_write_alone(self, copied, finished):
        written = states(copied)
        scores = {name for name in written if name.startswith(("scores", "statistics", "sources"))}
        assert call("select", copied, *OPTIONS, "--max-imbalance", "0.6").status == 0
        assert not (copied / "shards").exists()
        assert call("write", copied, "--workers", "1").status == 0
        assert {n for n in scores if states(copied)[n] != written[n]} == set()
        rejected = reasons_of(copied)
        assert rejected["a/00000:000000000"] == "max-imbalance"
        shards = read_shards(copied / "shards")
        assert len(shards) + len(rejected) == 16
        assert [s["txt"] for s in shards if (s["json"]["imbalance_after"] or 0) > 0.6] == []
        assert call("select", copied, *OPTIONS).status == 0
        assert call("write", copied, "--workers", "1").status == 0
        assert tree_bytes(copied / "shards") == tree_bytes(finished / "shards")

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--keep-fraction", "0.5"], "without --keep-fraction, not with --keep-fraction 0.5"),
            (["--shard-size", "6"], "with --shard-size 5, not with --shard-size 6"),
            (["--check-images"], "without --check-images, not with --check-images True"),
            (["--languages", "en,de"], "without --languages, not with --languages en,de"),
            (["--captioner", "demo"], "without --captioner, not with --captioner demo"),
        ],
    )
    def test_other_options_are_refused_by_name(self, inputs, finished, more, said):
        before = tree_bytes(finished)
        answer = call("run", inputs / "a", inputs / "b", "--out", finished, *OPTIONS, *more)
        assert (answer.status, answer.out) == (2, "")
        advice = "name another --out, or begin afresh with --overwrite"
        assert answer.err == f"evenpair: {finished} was made {said}: {advice}\n"
        assert tree_bytes(finished) == before

    def test_other_shards_are_refused(self, inputs, finished):
        answer = call("run", inputs / "a", "--out", finished, *OPTIONS)
        assert answer.status == 2
        assert "was made from other shards than INPUT names now" in answer.err

    def test_the_same_shards_by_another_name_are_the_same(self, inputs, finished, monkeypatch):
        monkeypatch.chdir(inputs)
        answer = call("run", "{a,b}/*.tar", "--out", finished, *OPTIONS)
        assert (answer.status, answer.err) == (0, "")

    def test_the_engine_is_no_option_of_the_run(self, inputs, finished):
        options = ["--shard-size", "5", "--workers", "2", "--runner", "direct"]
        answer = call("run", inputs / "a", inputs / "b", "--out", finished, *options)
        assert (answer.status, answer.err) == (0, "")

    def test_overwriting_begins_afresh(self, inputs, copied, finished):
        (copied / "scores" / "stale.parquet").touch()
        options = ["--workers", "1", "--keep-fraction", "0.5", "--overwrite"]
        answer = call("run", inputs / "b", "--out", copied, *options)
        assert (answer.status, answer.err) == (0, "")
        assert "6 pairs read, 3 written" in answer.out
        assert sorted(path.name for path in (copied / "scores").iterdir()) == ["00000.parquet"]
        assert [s["__key__"] for s in read_shards(copied / "shards")] == [
            f"00000000{at}" for at in (1, 2, 4)
        ]
