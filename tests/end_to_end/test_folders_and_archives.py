"""Folders of images and odd archives through the whole job."""

import pytest

from ..support.commands import call
from ..support.format_runs import accounts_of, run, written
from ..support.hub_tables import TEXTS
from ..support.image_folders import images, json_lines, write_files
from ..support.messages import assert_refused, unnamed
from ..support.shards import make_jpeg, read_shards, reasons_of, tree_bytes, write_members

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    names = ("a.JPG", "b.jpg", "c.d.jpg", "tab/0.jpg", "tab/in/1.jpg", "tab/2.jpg", "page.jpg")
    texts = {"a.txt": TEXTS[0], "c.d.caption": TEXTS[1], "b.npz": b"latents"}
    rows = [
        {"file_name": "0.jpg", "captions": TEXTS[2:]},
        {"file_name": "in/1.jpg", "text": "a bus on a road", "tags": ["bus"]},
        {"file_name": "gone.jpg", "text": "lost"},
    ]
    texts |= {"tab/metadata.jsonl": json_lines(*rows), "tab/2.txt": "a tree", "page.txt": "x"}
    write_files(folder, images(*names) | texts | {"page.jpg": b"<html>" * 9})
    return folder


@pytest.fixture(scope="module")
def finished_folder(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("folder_run") / "run"
    answer = run(folder, out)
    assert answer.status == 0
    assert unnamed(answer.err, folder, "1 .npz") == []
    return out


class TestFolder:
    """A folder of images with texts beside them, and one with a table of images."""

    def test_images_and_captions_are_those_of_the_folder(self, finished_folder, folder):
        assert written(finished_folder) == [
            (TEXTS[0], make_jpeg(0)),
            (TEXTS[1], make_jpeg(2)),
            (TEXTS[2], make_jpeg(3)),
            ("a tree", make_jpeg(5)),
            ("a bus on a road", make_jpeg(4)),
        ]

    def test_every_pair_is_accounted_for(self, finished_folder, folder):
        name = folder.name
        assert reasons_of(finished_folder) == {
            f"{name}:b": "no-caption",
            f"{name}:page": "undecodable-image",
            f"{name}/tab:gone.jpg": "missing-image",
        }
        counts = [(a["pairs_read"], a["pairs_written"], a["pairs_rejected"])
                  for a in accounts_of(finished_folder)]  # fmt: skip
        assert counts == [(4, 2, 2), (4, 3, 1)]

    def test_rows_are_in_the_json(self, finished_folder):
        fields = [sample["json"] for sample in read_shards(finished_folder / "shards")]
        assert [f.get("captions_raw") for f in fields] == [None, None, TEXTS[2:], None, None]
        assert fields[4]["tags"] == ["bus"]
        assert fields[4]["file_name"] == "in/1.jpg"

    def test_verify_agrees_and_names_the_folder_itself(self, finished_folder, folder):
        assert call("verify", finished_folder / "shards").status == 0
        assert_refused(call("verify", folder), folder)

    def test_two_workers_write_the_same_bytes(self, folder, finished_folder, tmp_path):
        assert run(folder, tmp_path / "run", workers=2).status == 0
        assert tree_bytes(tmp_path / "run" / "shards") == tree_bytes(finished_folder / "shards")
        for name in ("scores", "rejections"):
            assert tree_bytes(tmp_path / "run" / name) == tree_bytes(finished_folder / name)

    def test_the_same_command_again_changes_nothing(self, folder, finished_folder):
        before = tree_bytes(finished_folder / "shards")
        assert run(folder, finished_folder).status == 0
        assert tree_bytes(finished_folder / "shards") == before


class TestArchives:
    MEMBERS = (
        ("0.JPG", make_jpeg(0)), ("0.TXT", b"a dog"),
        ("1.Jpg", make_jpeg(1)), ("1.caption", b"a cat"),
        ("2.jpg", make_jpeg(2)), ("2.text", b"a boat"),
        ("3.jpg", make_jpeg(3)), ("3.cap", b"a bus"), ("3.JSON", b'{"caption": "other", "a": 1}'),
        ("4.jpg", make_jpeg(4)), ("4.json", b'{"captions": ["a tree", "a tall tree"]}'),
        ("5.jpg", make_jpeg(5)), ("5.json", b'{"caption": [{"raw": "a road"}], "width": 1e99}'),
    )  # fmt: skip

    def test_suffixes_have_any_case_and_captions_any_usual_name(self, tmp_path):
        write_members(tmp_path / "in" / "0.TAR", self.MEMBERS)
        assert run(tmp_path / "in", tmp_path / "run").status == 0
        captions = ["a dog", "a cat", "a boat", "a bus", "a tree", "a road"]
        assert written(tmp_path / "run") == [(c, make_jpeg(at)) for at, c in enumerate(captions)]
        fields = [sample["json"] for sample in read_shards(tmp_path / "run" / "shards")]
        assert fields[3]["caption_other"] == "other"
        assert fields[4]["captions_raw"] == ["a tree", "a tall tree"]
        assert call("verify", tmp_path / "run" / "shards").status == 0

    @pytest.mark.parametrize("suffix", ["tar.gz", "tgz", "TGZ", "tar.zst", "tar.bz2", "tar.xz"])
    def test_compressed_archives_are_refused_with_the_way_to_unpack_them(self, tmp_path, suffix):
        path = tmp_path / "in" / f"0.{suffix}"
        path.parent.mkdir()
        path.write_bytes(b"\x1f\x8b")
        for argument in (path, path.parent):
            answer = run(argument, tmp_path / "run")
            assert_refused(answer, path, "unpack")

    def test_a_compressed_archive_beside_others_is_named(self, tmp_path):
        write_members(tmp_path / "in" / "0.tar", self.MEMBERS[:2])
        (tmp_path / "in" / "1.tar.gz").write_bytes(b"\x1f\x8b")
        answer = run(tmp_path / "in", tmp_path / "run")
        assert answer.status == 0
        assert unnamed(answer.err, tmp_path / "in", "1 .tar.gz") == []
