"""Tables from the Hugging Face hub: their pairs and samples, whatever names and types they have."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from evenpair.schemas.pair import derive_uid
from evenpair.schemas.source import Source
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.read.stored_samples import read_stored

from ...support.hub_tables import FILE, TEXTS, hub_images, write_hub_table
from ...support.messages import unnamed
from ...support.shards import make_jpeg

KEYS = [f"{row:09d}" for row in range(4)]


def source_of(path, image_col=""):
    return Source(0, "s", str(path), image_col)


def read(path, field="", choice="first", image_col=""):
    return read_captions(source_of(path, image_col), field, choice)


def samples_of(path, image_col=""):
    class _All:
        def __contains__(self, _key):
            return True

    return list(read_stored(source_of(path, image_col), _All()))


def images_of(path, image_col=""):
    return [(s.image_field, s.image and bytes(s.image)) for s in samples_of(path, image_col)]


def png(number):
    stream = io.BytesIO()
    Image.open(io.BytesIO(make_jpeg(number))).save(stream, "PNG")
    return stream.getvalue()


def test_images_are_structs_and_keys_are_numbers_of_rows(tmp_path):
    path = write_hub_table(tmp_path / "0.parquet", row_group_size=3)
    unit = read(path)
    assert unit.tally.fault is None
    assert unit.table["caption"].to_pylist() == TEXTS
    assert unit.table["key"].to_pylist() == KEYS
    assert unit.table["uid"].to_pylist() == [
        derive_uid(None, source="s", key=key, caption=text)
        for key, text in zip(KEYS, TEXTS, strict=True)
    ]
    assert [sample.key for sample in samples_of(path)] == KEYS
    assert images_of(path) == [("jpg", make_jpeg(at)) for at in range(4)]
    assert [json.loads(sample.members["json"]) for sample in samples_of(path)] == [
        {"text": text} for text in TEXTS
    ]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
@pytest.mark.parametrize("name", ["image", "Image", "img", "picture", "jpg", "png"])
def test_columns_of_bytes_are_images(tmp_path, kind, name):
    images = pa.array([make_jpeg(1), png(2)]).cast(kind)
    path = write_hub_table(tmp_path / "0.parquet", {"text": TEXTS[:2], name: images})
    fields = [name, name] if name in ("jpg", "png") else ["jpg", "png"]
    assert images_of(path) == list(zip(fields, [make_jpeg(1), png(2)], strict=True))
    assert read(path).table.column_names[-1] == "text"


@pytest.mark.parametrize(
    "name", ["text", "caption", "captions", "sentences", "prompt", "title", "TEXT", "Caption"]
)
def test_captions_have_usual_names(tmp_path, name):
    path = write_hub_table(tmp_path / "0.parquet", {"image": hub_images(), name: TEXTS})
    assert read(path).table["caption"].to_pylist() == TEXTS


def test_several_columns_of_captions_are_a_fault_until_one_is_named(tmp_path):
    columns = {"image": hub_images(), "prompt": TEXTS, "title": TEXTS[::-1]}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    fault = read(path).tally.fault
    assert unnamed(fault, path, "prompt", "title", "--caption-field") == []
    assert read(path, "title").table["caption"].to_pylist() == TEXTS[::-1]
    assert read(path, "title").table["prompt"].to_pylist() == TEXTS


def test_several_columns_of_images_are_a_fault_until_one_is_named(tmp_path):
    columns = {"before": hub_images(), "after": hub_images(4, 9), "text": TEXTS}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    fault = read(path).tally.fault
    assert unnamed(fault, path, "before", "after", "--image-col") == []
    assert read(path, image_col="after").table["caption"].to_pylist() == TEXTS
    first = samples_of(path, "after")[0]
    assert bytes(first.image) == make_jpeg(9)
    assert bytes(first.members["before.jpg"]) == make_jpeg(0)


@pytest.mark.parametrize(("image_col", "named"), [("picture", []), ("text", ["string"])])
def test_a_column_that_holds_no_images_is_a_fault(tmp_path, image_col, named):
    path = write_hub_table(tmp_path / "0.parquet")
    assert unnamed(read(path, image_col=image_col).tally.fault, path, image_col, *named) == []


def test_a_table_without_captions_is_a_fault(tmp_path):
    path = write_hub_table(tmp_path / "0.parquet", {"image": hub_images(), "label": [1, 2, 3, 4]})
    unit = read(path)
    assert unnamed(unit.tally.fault, path, "label", "--caption-field") == []
    assert unit.tally.pairs_read == 0


def test_images_are_not_read_for_captions(tmp_path):
    path = write_hub_table(tmp_path / "0.parquet", compression="none")
    content = path.read_bytes()
    damaged = content.replace(make_jpeg(0)[200:300], bytes(100))
    assert damaged != content
    path.write_bytes(damaged)
    assert read(path).table["caption"].to_pylist() == TEXTS


class TestPaths:
    @pytest.fixture
    def table(self, tmp_path):
        (tmp_path / "secret.jpg").write_bytes(make_jpeg(5))
        folder = tmp_path / "data"
        (folder / "images").mkdir(parents=True)
        (folder / "images" / "1.jpg").write_bytes(make_jpeg(1))
        (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        return folder / "0.parquet"

    def write(self, table, path):
        columns = {"image": pa.array([{"bytes": None, "path": path}], FILE), "text": TEXTS[:1]}
        return write_hub_table(table, columns)

    def test_a_file_beside_the_table_is_read(self, table):
        self.write(table, "images/1.jpg")
        assert images_of(table) == [("jpg", make_jpeg(1))]

    @pytest.mark.parametrize(
        "path",
        ["../secret.jpg", "images/../../secret.jpg", "link.jpg", "gone.jpg", "images", "a\0b"],
    )
    def test_no_other_file_is_read(self, table, path):
        [sample] = samples_of(self.write(table, path))
        assert sample.image is None
        assert unnamed(sample.missing, "bytes", repr(path)) == []

    def test_an_absolute_path_is_not_read(self, table, tmp_path):
        [sample] = samples_of(self.write(table, str(tmp_path / "secret.jpg")))
        assert sample.image is None
        assert "outside" in sample.missing

    @pytest.mark.parametrize("cell", [None, {"bytes": None, "path": None}])
    def test_a_row_without_bytes_and_path_says_so(self, table, cell):
        columns = {"image": pa.array([cell], FILE), "text": TEXTS[:1]}
        [sample] = samples_of(write_hub_table(table, columns))
        assert (sample.image, sample.missing) == (None, "its image is null")


class TestWebDataset:
    """Samples of WebDataset archives as the hub exports them."""

    def write(self, path, **columns):
        plain = {
            "__key__": ["a/0", "a/1"],
            "__url__": ["s.tar", "s.tar"],
            "jpg": hub_images(2),
            "txt": TEXTS[:2],
            "json": [{"url": "u0", "width": 8, "key": "x", "uid": "0" * 32}, {"url": "u1"}],
        }
        return write_hub_table(path, {n: v for n, v in (plain | columns).items() if v is not None})

    def test_fields_of_the_json_are_those_of_the_pair(self, tmp_path):
        unit = read(self.write(tmp_path / "0.parquet"))
        names = ["uid", "key", "url", "caption", "width"]
        assert unit.table.select(names).to_pylist() == [
            {"uid": "0" * 32, "key": "a/0", "url": "u0", "caption": TEXTS[0], "width": 8},
            {
                "uid": derive_uid("u1", source="", key="", caption=TEXTS[1]),
                "key": "a/1",
                "url": "u1",
                "caption": TEXTS[1],
                "width": None,
            },
        ]
        assert unit.table.column_names[8:] == ["__url__", "json_key"]

    def test_samples_have_the_members_of_the_archive(self, tmp_path):
        path = self.write(tmp_path / "0.parquet", **{"seg.png": [png(1), None]})
        first, second = samples_of(path)
        assert {n: bytes(p) for n, p in first.members.items() if n != "json"} == {
            "jpg": make_jpeg(0),
            "seg.png": png(1),
        }
        assert sorted(second.members) == ["jpg", "json"]
        fields = {"__url__": "s.tar", "key": "x", "uid": "0" * 32, "url": "u0", "width": 8}
        assert json.loads(first.members["json"]) == fields

    def test_without_a_text_the_caption_is_that_of_the_json(self, tmp_path):
        json_column = [{"caption": text} for text in TEXTS[:2]]
        path = self.write(tmp_path / "0.parquet", txt=None, json=json_column)
        assert read(path).table["caption"].to_pylist() == TEXTS[:2]

    def test_a_field_of_the_json_is_named(self, tmp_path):
        json_column = [{"alt": text} for text in TEXTS[:2]]
        path = self.write(tmp_path / "0.parquet", json=json_column)
        assert read(path, "alt").table["caption"].to_pylist() == TEXTS[:2]


@pytest.mark.parametrize(
    ("column", "choice", "captions", "several"),
    [
        ([["a", "abc"], ["b"], [], None], "first", ["a", "b", None, None], [0]),
        ([["a", "abc"], ["b"], ["", "c"], None], "longest", ["abc", "b", "c", None], [0]),
        ([[{"raw": "a", "id": 1}, {"raw": "b", "id": 2}]] * 4, "first", ["a"] * 4, [0, 1, 2, 3]),
        ([{"raw": ["a", "b"]}] * 4, "first", ["a"] * 4, [0, 1, 2, 3]),
    ],
)
def test_one_of_several_captions_is_taken_and_all_are_kept(
    tmp_path, column, choice, captions, several
):
    columns = {"image": hub_images(), "captions": column}
    table = read(write_hub_table(tmp_path / "0.parquet", columns), choice=choice).table
    assert table["caption"].to_pylist() == captions
    kept = table["captions_raw"].to_pylist()
    assert [at for at, texts in enumerate(kept) if texts] == several
    assert all(texts is None or len(texts) > 1 for texts in kept)
    assert table["captions"].to_pylist() == column


WIDTHS = [
    ([8, 9, 10, None], [8, 9, 10, None]),
    ([float("nan"), 64.0, 64.5, None], [None, 64, None, None]),
    ([2**40, 9, -1, None], [None, 9, -1, None]),
    (["n/a", "9", None, ""], [None] * 4),
    ([[1], [2], [], None], [None] * 4),
    ([True, False, None, True], [None] * 4),
    (pa.array([1, 2, 3, 4], pa.duration("s")), [None] * 4),
    (pa.array([1, 2, 3, 4], pa.decimal128(5, 0)), [None] * 4),
]


@pytest.mark.parametrize(("values", "expected"), WIDTHS)
def test_a_width_that_fits_is_taken_and_others_are_kept_beside(tmp_path, values, expected):
    columns = {"image": hub_images(), "text": TEXTS, "width": values}
    table = read(write_hub_table(tmp_path / "0.parquet", columns)).table
    assert table["width"].type == pa.int32()
    assert table["width"].to_pylist() == expected
    given = pa.array(values).null_count
    assert ("source_width" in table.column_names) == (expected.count(None) > given)
    assert table.num_rows == 4


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", [True, False, None, True]),
        ("status", ["new", "old", None, "new"]),
        ("status", [1, 2, 3, 4]),
        ("url", [1, 2, 3, 4]),
        ("url", [["u"], [], None, ["v", "w"]]),
        ("uid", [1, 2, 3, 4]),
        ("uid", [{"a": 1}] * 4),
        ("sha256", [1.5, None, 2.5, 3.0]),
        ("key", [1.5, 2.5, 3.5, 4.5]),
        ("key", [["a"], ["b"], [], None]),
        ("shard", [[1], [], None, [2]]),
        ("extra", pa.array([[("a", 1)], [], None, []], pa.map_(pa.string(), pa.int32()))),
        ("extra", pa.array(["a", "b", None, "a"]).dictionary_encode()),
        ("extra", pa.array([0, 1, None, 3], pa.timestamp("ns", "UTC"))),
        ("extra", pa.array([0, 1, None, 3], pa.time64("ns"))),
        ("extra", pa.nulls(4)),
        ("json", ["not", "a", "struct", None]),
        ("captions_raw", [1, 2, 3, 4]),
        ("other_fields", [1, 2, 3, 4]),
    ],
)
def test_no_type_of_a_column_loses_a_pair(tmp_path, name, values):
    columns = {"image": hub_images(), "text": TEXTS, name: values}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    unit = read(path)
    assert unit.table["caption"].to_pylist() == TEXTS
    assert (unit.tally.pairs_read, unit.tally.fault, unit.rejections) == (4, None, ())
    assert len({*unit.table["uid"].to_pylist()}) == 4
    assert images_of(path) == [("jpg", make_jpeg(at)) for at in range(4)]


def test_digests_are_hexadecimal(tmp_path):
    digests = pa.array([bytes([at]) * 32 for at in range(4)], pa.binary(32))
    columns = {"image": hub_images(), "text": TEXTS, "sha256": digests}
    table = read(write_hub_table(tmp_path / "0.parquet", columns)).table
    assert table["sha256"].to_pylist() == [f"{at:02x}" * 32 for at in range(4)]


def not_utf8(values):
    return pa.array(values, pa.binary()).view(pa.string())


class TestNoUtf8:
    TEXT = not_utf8([b"a dog", b"caf\xe9", None, b"a cat"])

    def test_texts_become_null(self, tmp_path):
        columns = {"image": hub_images(), "text": self.TEXT, "note": self.TEXT}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        table = read(path).table
        assert table["caption"].to_pylist() == ["a dog", None, None, "a cat"]
        assert table["note"].to_pylist() == ["a dog", None, None, "a cat"]
        assert len(samples_of(path)) == 4

    def test_texts_in_lists_become_null(self, tmp_path):
        lists = pa.ListArray.from_arrays([0, 2, 4, 4, 4], self.TEXT)
        columns = {"image": hub_images(), "captions": lists}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        assert read(path).table["caption"].to_pylist() == ["a dog", "a cat", None, None]
        assert len(samples_of(path)) == 4

    def test_bytes_are_texts_where_they_are_utf8(self, tmp_path):
        columns = {"image": hub_images(), "text": self.TEXT.view(pa.binary())}
        path = write_hub_table(tmp_path / "0.parquet", columns)
        assert read(path).table["caption"].to_pylist() == ["a dog", None, None, "a cat"]

    def test_a_key_is_rejected(self, tmp_path):
        columns = {"image": hub_images(), "text": TEXTS, "key": self.TEXT}
        unit = read(write_hub_table(tmp_path / "0.parquet", columns))
        reasons = [rejection.reason.value for rejection in unit.rejections]
        assert reasons == ["unreadable-sample"] * 2
        assert unit.table["key"].to_pylist() == ["a dog", "a cat"]


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ([1, 2, 3, 4], 0),
        ([True] * 4, 0),
        ([None, "", " ", None], 4),
        ([[], None, [""], []], 4),
        (pa.nulls(4), 4),
    ],
)
def test_captions_without_any_text_are_a_fault(tmp_path, values, pairs):
    columns = {"image": hub_images(), "caption": values}
    path = write_hub_table(tmp_path / "0.parquet", columns)
    unit = read(path)
    assert unnamed(unit.tally.fault, path, "'caption'", "--caption-field") == []
    assert "\n" not in unit.tally.fault
    assert (unit.tally.pairs_read, unit.table.num_rows) == (pairs, pairs)


def test_a_parquet_beside_an_archive_may_have_any_types(tmp_path):
    from ...support.shards import MadePair, write_source

    source = write_source(tmp_path / "0.tar", [MadePair(0, "a dog"), MadePair(1, "a cat")])
    table = pq.read_table(tmp_path / "0.parquet")
    for name, values in (("width", ["n/a"] * 3), ("caption", [1, 2, 3]), ("status", [True] * 3)):
        at = table.column_names.index(name)
        pq.write_table(table.set_column(at, name, pa.array(values)), tmp_path / "0.parquet")
        unit = read(source)
        assert unit.table["caption"].to_pylist() == ["a dog", "a cat"]
        assert unit.tally.fault is None
