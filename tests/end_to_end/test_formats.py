"""Data as people have it, through the whole job: images to the byte, every pair accounted for."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ..support.commands import call
from ..support.format_runs import accounts_of, details_of, run, written
from ..support.hub_tables import FILE, TEXTS, hub_images, write_hub_table
from ..support.image_folders import write_files
from ..support.messages import assert_refused, unnamed
from ..support.shards import make_jpeg, read_shards, reasons_of, tree_bytes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Two tables: one with rows that lack bytes, one of WebDataset samples."""
    folder = tmp_path_factory.mktemp("hub")
    write_files(folder, {"images/beside.jpg": make_jpeg(2)})
    images = [
        {"bytes": make_jpeg(0), "path": "0.jpg"},
        {"bytes": None, "path": "gone.jpg"},
        {"bytes": None, "path": "images/beside.jpg"},
        {"bytes": None, "path": "/etc/hostname"},
    ]
    columns = {
        "image": pa.array(images, FILE),
        "captions": [TEXTS[:2], ["lost"], [TEXTS[2]], ["never"]],
    }
    write_hub_table(folder / "train-00000-of-00002.parquet", columns)
    columns = {
        "__key__": ["x/0", "x/1", "x/2"],
        "__url__": ["s.tar"] * 3,
        "jpg": hub_images(3, 10),
        "txt": [TEXTS[3], "a bus on a road", None],
        "json": [{"a": 1}, {"a": 2}, {"a": 3}],
    }
    write_hub_table(folder / "train-00001-of-00002.parquet", columns)
    return folder


@pytest.fixture(scope="module")
def finished(hub, tmp_path_factory):
    out = tmp_path_factory.mktemp("hub_run") / "run"
    answer = run(hub, out)
    assert (answer.status, answer.err) == (0, "")
    return out


class TestHub:
    def test_images_and_captions_are_those_of_the_rows(self, finished):
        assert written(finished) == [
            (TEXTS[0], make_jpeg(0)),
            (TEXTS[2], make_jpeg(2)),
            (TEXTS[3], make_jpeg(10)),
            ("a bus on a road", make_jpeg(11)),
        ]

    def test_rows_without_an_image_are_rejected_with_their_path(self, finished):
        prefix = "train-00000-of-00002"
        assert reasons_of(finished) == {
            f"{prefix}:000000001": "missing-image",
            f"{prefix}:000000003": "missing-image",
            "train-00001-of-00002:x/2": "no-caption",
        }
        details = details_of(finished)
        assert unnamed(details["000000001"], "'gone.jpg'") == []
        assert unnamed(details["000000003"], "'/etc/hostname'", "outside") == []

    def test_every_pair_is_accounted_for(self, finished):
        counts = [(a["pairs_read"], a["pairs_written"], a["pairs_rejected"])
                  for a in accounts_of(finished)]  # fmt: skip
        assert counts == [(4, 2, 2), (3, 2, 1)]

    def test_all_captions_stay_in_the_json_and_the_table(self, finished):
        samples = [sample["json"] for sample in read_shards(finished / "shards")]
        assert [json.get("captions_raw") for json in samples] == [TEXTS[:2], None, None, None]
        assert samples[0]["caption_raw"] == TEXTS[0]
        [table] = [pq.read_table(p) for p in (finished / "shards").glob("*.parquet")]
        assert table["captions_raw"].to_pylist() == [TEXTS[:2], None, None, None]
        assert [json.get("a") for json in samples] == [None, None, 1, 2]

    def test_verify_finds_nothing_in_the_shards(self, finished):
        assert call("verify", finished / "shards").status == 0

    def test_verify_finds_the_rows_that_lack_images(self, hub):
        answer = call("verify", hub)
        assert answer.status == 1
        assert unnamed(answer.out, "000000001", "gone.jpg", "000000003", "x/2", "3 findings") == []

    def test_two_workers_write_the_same_bytes(self, hub, finished, tmp_path):
        assert run(hub, tmp_path / "run", workers=2).status == 0
        assert tree_bytes(tmp_path / "run" / "shards") == tree_bytes(finished / "shards")
        for name in ("scores", "rejections"):
            assert tree_bytes(tmp_path / "run" / name) == tree_bytes(finished / name)

    def test_a_second_pass_keeps_the_captions(self, finished, tmp_path):
        assert run(finished / "shards", tmp_path / "run").status == 0
        first, second = (read_shards(out / "shards") for out in (finished, tmp_path / "run"))
        assert [(s["jpg"], s["json"].get("captions_raw")) for s in second] == [
            (s["jpg"], s["json"].get("captions_raw")) for s in first
        ]
        assert written(tmp_path / "run") == written(finished)

    def test_the_longest_caption_can_be_chosen(self, hub, tmp_path):
        path = tmp_path / "0.parquet"
        lists = [["a dog", "a dog runs on the grass"], "a cat".split(",")]
        write_hub_table(path, {"image": hub_images(2), "sentences": lists})
        assert run(path, tmp_path / "run", "--caption-choice", "longest").status == 0
        assert [caption for caption, _ in written(tmp_path / "run")] == [
            "a dog runs on the grass",
            "a cat",
        ]


class TestOptions:
    @pytest.fixture
    def table(self, tmp_path):
        columns = {"a": hub_images(), "b": hub_images(4, 9), "prompt": TEXTS, "title": TEXTS[::-1]}
        return write_hub_table(tmp_path / "0.parquet", columns)

    def test_several_columns_of_images_are_refused_at_once(self, table, tmp_path):
        answer = run(table, tmp_path / "run")
        assert_refused(answer, table, "a, b", "--image-col")
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize("option", ["--caption-field", "--caption-col"])
    def test_columns_are_named(self, table, tmp_path, option):
        out = tmp_path / "run"
        assert run(table, out, "--image-col", "b", option, "title").status == 0
        images = [make_jpeg(at) for at in range(9, 13)]
        assert written(out) == list(zip(TEXTS[::-1], images, strict=True))
        assert [s["a.jpg"] for s in read_shards(out / "shards")] == [make_jpeg(i) for i in range(4)]

    def test_two_names_for_the_captions_are_refused(self, table, tmp_path):
        options = ("--caption-field", "prompt", "--caption-col", "title", "--image-col", "a")
        answer = run(table, tmp_path / "run", *options)
        assert_refused(answer, "--caption-field prompt", "--caption-col title")

    def test_a_column_that_is_not_there_is_refused(self, table, tmp_path):
        answer = run(table, tmp_path / "run", "--image-col", "c", "--caption-field", "title")
        assert_refused(answer, "--image-col c", table, "a, b")


def test_a_source_without_texts_is_one_line_and_the_others_are_done(tmp_path):
    images = {"image": hub_images()}
    write_hub_table(tmp_path / "in" / "0.parquet", {**images, "caption": TEXTS})
    write_hub_table(tmp_path / "in" / "1.parquet", {**images, "caption": [1, 2, 3, 4]})
    write_hub_table(tmp_path / "in" / "2.parquet", {**images, "caption": [None, "", " ", None]})
    odd = {"width": [float("nan"), 64.5, 2**40, 1.0], "status": [True, False, None, True]}
    write_hub_table(tmp_path / "in" / "3.parquet", {**images, "caption": TEXTS, **odd})
    answer = run(tmp_path / "in", tmp_path / "run")
    assert answer.status == 1
    lines = answer.err.strip().splitlines()
    assert [("1.parquet" in line, "2.parquet" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]
    assert [caption for caption, _ in written(tmp_path / "run")] == TEXTS * 2
    counts = [(a["pairs_read"], a["pairs_written"], a["pairs_rejected"])
              for a in accounts_of(tmp_path / "run")]  # fmt: skip
    assert counts == [(4, 4, 0), (0, 0, 0), (4, 0, 4), (4, 4, 0)]
    rows = [sample["json"] for sample in read_shards(tmp_path / "run" / "shards")[4:]]
    assert [row["status"] for row in rows] == [True, False, None, True]
    assert [row["width"] for row in rows] == [None, 64.5, 2**40, 1.0]
