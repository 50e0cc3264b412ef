"""Tables from the Hugging Face hub: their pairs and samples, whatever names and types they have."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.pair import derive_uid
from evenpair.transforms.verify.verify_table import verify_table

from ...support.hub_reading import KEYS, images_of, png, read, samples_of
from ...support.hub_tables import FILE, TEXTS, hub_images, write_hub_table
from ...support.messages import unnamed
from ...support.shards import make_jpeg


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


def test_a_column_of_images_named_txt_is_no_caption(tmp_path):
    path = tmp_path / "0.parquet"
    columns = {"__key__": ["a"], "caption": ["a dog"], "txt": hub_images(1)}
    pq.write_table(pa.table(columns), path)
    assert read(path).table["caption"].to_pylist() == ["a dog"]
    assert verify_table(str(path), "0", decode=False).findings == []
