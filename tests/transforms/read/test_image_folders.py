"""Folders of images: which are sources, their pairs, and the samples that are written of them."""

import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.pipeline.inputs.find_sources import find_sources, unread_notes
from evenpair.pipeline.inputs.url_lists import name_url_lists
from evenpair.schemas.pair import derive_uid
from evenpair.schemas.sample import is_safe_key
from evenpair.transforms.read.image_folder import list_images
from evenpair.transforms.read.read_captions import read_captions

from ...support.folder_reading import pairs_of, paths_of, rejected, samples_of
from ...support.image_folders import images, json_lines, write_files
from ...support.messages import unnamed
from ...support.shards import make_jpeg


class TestSources:
    def test_each_folder_with_images_is_a_source(self, tmp_path):
        write_files(tmp_path, images("a.jpg", "x/b.PNG", "x/y/c.webp", "empty/readme.md"))
        assert paths_of(tmp_path) == ["/", "/x/", "/x/y/"]
        names = [source.name for source in find_sources((str(tmp_path),))]
        assert names == [f"{tmp_path.name}{end}" for end in ("", "/x", "/x/y")]

    def test_a_table_of_images_makes_one_source_of_all_below(self, tmp_path):
        names = ("train/0.jpg", "train/deep/1.jpg", "other/2.jpg", "train/own/3.jpg")
        tables = {"train/metadata.jsonl": "", "train/own/metadata.csv": "file_name\n"}
        write_files(tmp_path, images(*names) | tables)
        assert paths_of(tmp_path) == ["/other/", "/train/", "/train/own/"]
        keys = [[*list_images(str(tmp_path / name)).images] for name in ("train", "train/own")]
        assert keys == [["0", "deep/1"], ["3"]]

    @pytest.mark.parametrize("shard", ["0.tar", "0.TAR", "0.parquet"])
    def test_shards_come_before_images(self, tmp_path, shard):
        write_files(tmp_path, images("a.jpg"))
        path = tmp_path / shard
        pq.write_table(pa.table({"jpg": [b"x"]}), path)
        assert paths_of(tmp_path) == [f"/{shard}"]

    @pytest.mark.parametrize("table", ["metadata.jsonl", "metadata.csv", "metadata.parquet"])
    def test_a_folder_of_images_is_no_list_of_urls(self, tmp_path, table):
        write_files(tmp_path, images("x/a.jpg") | {table: b"", "x/a.txt": "a dog"})
        assert not name_url_lists([str(tmp_path)])
        assert not name_url_lists([str(tmp_path / "x")])

    def test_a_list_of_urls_beside_an_image_stays_one(self, tmp_path):
        write_files(tmp_path, images("logo.png") | {"urls.csv": "url,caption\nu,c\n"})
        assert name_url_lists([str(tmp_path)])


class TestUnread:
    def test_files_that_are_not_read_are_counted_by_suffix(self, tmp_path):
        names = ("a.jpg", "a.txt", "a.npz", "b.txt", "x/c.jpg", "x/notes.MD", "x/LICENSE")
        others = {"metadata.csv": "file_name\n", "metadata.parquet": b"", ".hidden": b""}
        write_files(tmp_path, images(*names) | others)
        [note] = unread_notes((str(tmp_path),))
        named = ["1 .npz", "1 .txt", "1 .md", "1 .parquet", "1 without suffix"]
        assert unnamed(note, tmp_path, *named) == []

    def test_beside_shards_too(self, tmp_path):
        names = ("0.tar", "0.parquet", "0_stats.json", "sizes.json", "1.tar.gz", "2.tar.gz")
        write_files(tmp_path, images(*names, "9.parquet", "a.jpg"))
        [note] = unread_notes((str(tmp_path), str(tmp_path / "0.tar")))
        assert unnamed(note, tmp_path, "2 .tar.gz", "1 .parquet", "1 .jpg") == []

    def test_nothing_is_said_where_all_is_read(self, tmp_path):
        write_files(tmp_path, images("0.tar", "0.parquet", "0_stats.json"))
        assert unread_notes((str(tmp_path),)) == []


class TestSidecars:
    @pytest.mark.parametrize("suffix", ["txt", "caption", "text", "cap", "TXT", "Caption"])
    def test_captions_lie_beside_images(self, tmp_path, suffix):
        files = {f"a.{suffix}": "a dog\n", f"x/b.c.{suffix}": "a cat"}
        write_files(tmp_path, images("a.JPG", "x/b.c.png", "d.jpeg") | files)
        assert pairs_of(tmp_path) == [("a", "a dog\n"), ("d", None), ("b%2Ec", "a cat")]

    def test_images_of_one_stem_keep_their_suffix_in_the_key(self, tmp_path):
        write_files(tmp_path, images("a.jpg", "a.png", "a.png.jpg") | {"a.txt": "a dog"})
        keys = ["a", "a%2Epng", "a%2Epng%2Ejpg"]
        assert pairs_of(tmp_path) == list(zip(keys, ["a dog", "a dog", None], strict=True))
        assert [bytes(sample.image) for sample in samples_of(tmp_path)] == [
            make_jpeg(at) for at in range(3)
        ]

    def test_the_json_beside_an_image_is_that_of_the_sample(self, tmp_path):
        text = '{"url": "u", "caption": "a dog", "score": 1.50}'
        write_files(tmp_path, images("a.jpg") | {"a.json": text})
        [source] = find_sources((str(tmp_path),))
        [row] = read_captions(source).table.to_pylist()
        assert (row["uid"], row["caption"], row["score"]) == (
            derive_uid("u", source="", key="", caption="a dog"),
            "a dog",
            1.5,
        )
        [sample] = samples_of(tmp_path)
        assert bytes(sample.members["json"]) == text.encode()

    @pytest.mark.parametrize("text", ["[1]", "{", "\xff"])
    def test_other_json_is_rejected(self, tmp_path, text):
        write_files(tmp_path, images("a.jpg") | {"a.json": text, "a.txt": "a dog"})
        reason, detail = rejected(tmp_path)["a"]
        assert reason == "unreadable-sample"
        assert ".json" in detail

    def test_files_outside_are_not_read(self, tmp_path):
        write_files(tmp_path, {"secret.txt": "secret", "secret.jpg": make_jpeg(9)})
        folder = write_files(tmp_path / "in", images("a.jpg"))
        (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
        (folder / "b.jpg").symlink_to(tmp_path / "secret.jpg")
        (folder / "up").symlink_to(tmp_path)
        os.mkfifo(folder / "c.jpg")
        assert pairs_of(folder) == [("a", None), ("b", None), ("c", None)]
        a, b, c = samples_of(folder)
        assert (bytes(a.image), b.image, c.image) == (make_jpeg(0), None, None)
        assert unnamed(b.missing, "'b.jpg'", "outside") == []
        assert unnamed(c.missing, "'c.jpg'") == []

    def test_a_name_that_is_no_utf8_is_rejected(self, tmp_path):
        path = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
        try:
            with open(path, "wb") as file:
                file.write(make_jpeg(0))
        except OSError:
            pytest.skip("this file system takes only UTF-8")
        assert [reason for reason, _ in rejected(tmp_path).values()] == ["unreadable-sample"]


def test_several_captions_of_a_row(tmp_path):
    rows = json_lines({"file_name": "a.jpg", "captions": ["a dog", "a brown dog"]})
    write_files(tmp_path, images("a.jpg") | {"metadata.jsonl": rows})
    assert pairs_of(tmp_path) == [("a", "a dog")]
    assert pairs_of(tmp_path, choice="longest") == [("a", "a brown dog")]
    [source] = find_sources((str(tmp_path),))
    assert read_captions(source).table["captions_raw"].to_pylist() == [["a dog", "a brown dog"]]


@given(names=st.lists(st.text("ab.%", min_size=1, max_size=4), max_size=6, unique=True))
def test_every_image_has_a_key_of_its_own(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    visible = [f"{name}.jpg" for name in names if not name.startswith(".")]
    write_files(folder, dict.fromkeys(visible, b""))
    found = list_images(str(folder)).images
    assert sorted(found.values()) == sorted(visible)
    assert all(map(is_safe_key, found))
