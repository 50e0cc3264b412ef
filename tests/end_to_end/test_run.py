"""The whole job on small shards: every pair is written, or rejected with its reason."""

import base64
import json
import re
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.pair import derive_uid
from evenpair.schemas.tables import ACCOUNTING, REJECTIONS, SCORES, SELECTION
from evenpair.schemas.tar import read_members

from ..support.commands import call
from ..support.messages import assert_refused, unnamed
from ..support.shards import read_shards, read_tar, reasons_of
from ..support.small_run import (
    EXIF,
    JAPANESE,
    KEYS,
    REJECTED,
    SCENES,
    SIZES,
    WRITTEN,
    make_inputs,
    run,
)

pytestmark = pytest.mark.slow

IMG2DATASET = ["url", "caption", "key", "status", "error_message", "width", "height", "sha256"]
ADDED = [
    "uid", "caption_raw", "caption_generated", "caption_source",
    "information_bits", "imbalance_before", "imbalance_after",
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    """The run that the tests look at."""
    out = tmp_path_factory.mktemp("finished") / "run"
    answer = run(inputs, out)
    assert (answer.status, answer.err) == (0, "")
    return out


@pytest.fixture
def copied(finished, tmp_path):
    """A copy of the finished run, to be changed."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def samples(finished):
    return read_shards(finished / "shards")


class TestShards:
    def test_all_pairs_but_the_rejected_are_written_in_order(self, samples):
        assert [sample["__key__"] for sample in samples] == KEYS
        assert [sample["txt"].decode() for sample in samples] == [p.caption for p in WRITTEN]

    def test_images_are_those_of_the_source_to_the_byte(self, samples):
        assert [sample["jpg"] for sample in samples] == [pair.content for pair in WRITTEN]

    def test_every_other_pair_has_a_rejection_with_its_reason(self, finished):
        assert reasons_of(finished) == REJECTED
        [rejected] = pq.read_table(finished / "rejections/write-00001.parquet").to_pylist()
        assert rejected["phase"] == "write"
        assert "<html" in rejected["detail"]

    def test_the_json_keeps_its_fields_and_gains_the_measures(self, samples, finished):
        selected = [
            row
            for name in ("a/00000", "b/00000")
            for row in pq.read_table(finished / f"selection/{name}.parquet").to_pylist()
            if row["output_key"] in KEYS
        ]
        for sample, pair, row in zip(samples, WRITTEN, selected, strict=True):
            key = row["output_key"]
            came = pair.row(key) | pair.extra
            added = {
                "caption": pair.caption,
                "uid": derive_uid(came["url"], source="", key="", caption=pair.caption),
                "caption_raw": pair.caption,
                "caption_source": "raw",
                **{name: row[name] for name in ADDED[4:] if row[name] is not None},
            }
            assert sample["json"] == came | added

    def test_fields_of_the_json_are_copied_unchanged(self, inputs, finished):
        before = read_tar(inputs / "b" / "00000.tar")["000000000.json"].decode()
        after = read_tar(finished / "shards" / "00002.tar")["00001000000000.json"].decode()
        kept = [line.rstrip(",") for line in before.splitlines()[1:-1] if '"key"' not in line]
        lines = [line.rstrip(",") for line in after.splitlines()]
        assert lines[1 : len(kept) + 1] == kept
        assert f'    "exif": {json.dumps(EXIF)}' in kept

    def test_bits_and_imbalance_are_those_of_the_captions(self, samples):
        fields = {sample["txt"].decode(): sample["json"] for sample in samples}
        sparse, full = fields["a dog"], fields[SCENES[1]]
        assert 0 < sparse["information_bits"] < full["information_bits"]
        assert full["imbalance_after"] < sparse["imbalance_after"] < 1
        japanese = fields[JAPANESE]
        assert {"information_bits", "imbalance_after"}.isdisjoint(japanese)

    def test_the_folder_holds_three_files_for_each_shard_and_the_sizes(self, finished):
        assert sorted(path.name for path in (finished / "shards").iterdir()) == [
            *(f"0000{n}{end}" for n in range(4) for end in (".parquet", ".tar", "_stats.json")),
            "sizes.json",
        ]

    def test_sizes_and_statistics_count_the_samples(self, finished):
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

    def test_tables_have_img2datasets_columns_then_those_of_the_source_then_ours(
        self, finished, samples
    ):
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

    def test_headers_of_archives_have_no_time_and_no_user(self, finished):
        archive = (finished / "shards" / "00000.tar").read_bytes()
        names = [member.name for member in read_members(archive)]
        assert names == [f"{key}.{end}" for key in KEYS[:4] for end in ("jpg", "json", "txt")]
        headers = {archive[m.offset - 512 : m.offset][100:124] for m in read_members(archive)}
        assert headers == {b"0000444\x000000000\x000000000\x00"}


class TestTables:
    def test_scores_end_with_the_fields_of_the_source(self, finished):
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

    def test_the_record_holds_options_versions_and_counts(self, finished):
        record = json.loads((finished / "run.json").read_text())
        assert record["counts"] == {
            "pairs_read": 16,
            "pairs_written": 13,
            "rejected": {"duplicate-uid": 1, "no-caption": 1, "undecodable-image": 1},
            "members_left_out": {},
            "damaged_sources": {},
        }
        assert {name: phase["done"] for name, phase in record["phases"].items()} == dict.fromkeys(
            ("score", "enrich", "select", "write"), True
        )
        assert record["phases"]["select"]["options"]["shard_size"] == 5
        assert record["phases"]["select"]["options"]["keep_fraction"] is None
        assert {"evenpair", "apache-beam", "spacy", "python"} <= set(record["versions"])

    def test_the_report_shows_counts_reasons_captions_and_pictures(self, finished, samples):
        page = (finished / "report.html").read_text()
        counts = re.findall(r"<tr><t[hd]>([^<]+)</t[hd]><td class=\"number\">(\d+)</td></tr>", page)
        assert counts == [
            ("read", "16"),
            ("written", "13"),
            ("rejected: duplicate-uid", "1"),
            ("rejected: no-caption", "1"),
            ("rejected: undecodable-image", "1"),
        ]
        images = re.findall(r'<img [^>]*src="data:image;base64,([^"]+)"', page)
        shown = samples[: SIZES[0]]
        assert list(map(base64.b64decode, images)) == [sample["jpg"] for sample in shown]
        text = re.sub(r"<[^>]*>", " ", page)  # the base64 of images would match anything
        assert unnamed(text, *(sample["txt"].decode() for sample in shown)) == []

    def test_a_deleted_report_is_drawn_again(self, copied, finished):
        (copied / "report.html").unlink()
        answer = call("report", copied)
        assert (answer.status, answer.err) == (0, "")
        assert str(copied / "report.html") in answer.out
        drawn, first = ((run / "report.html").read_bytes() for run in (copied, finished))
        assert drawn == first

    def test_an_unfinished_run_has_no_report(self, copied):
        record = json.loads((copied / "run.json").read_text())
        record["phases"]["write"]["done"] = False
        (copied / "run.json").write_text(json.dumps(record))
        assert_refused(call("report", copied), copied, f"evenpair write {copied}")

    def test_no_other_files_are_left(self, finished):
        assert sorted(path.name for path in finished.iterdir()) == [
            ".lock", "accounting.parquet", "plan.parquet", "rejections", "report.html", "run.json",
            "scores", "selection", "shards", "sources.parquet",
            "statistics.index.npy", "statistics.parquet",
        ]  # fmt: skip
