"""Files are written whole or not at all, and found in folders of any name."""

import os

import pyarrow as pa
import pytest

from evenpair.storage import files, parquet


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "folder" / "file"
    with files.write_whole(str(path)) as file:
        file.write(b"half")
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert names(path.parent) == ["file"]


def test_an_unfinished_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), files.write_whole(str(path)) as file:
        file.write("no bytes")
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


def test_an_error_names_the_file_and_not_its_temporary_name(tmp_path):
    path = str(tmp_path / ("n" * 240))
    with pytest.raises(OSError, match=f"'{path}'$"):
        files.write_bytes(path, b"")


def test_two_attempts_at_the_same_file_leave_one_whole_file(tmp_path):
    path = str(tmp_path / "file")
    with files.write_whole(path) as one, files.write_whole(path) as other:
        one.write(b"same")
        other.write(b"same")
    assert (tmp_path / "file").read_bytes() == b"same"
    assert names(tmp_path) == ["file"]


def test_a_table_survives_the_round_trip(tmp_path):
    table = pa.table({"a": [1, 2], "b": ["x", None]}).replace_schema_metadata({"k": "v"})
    path = str(tmp_path / "table.parquet")
    parquet.write_table(path, table)
    assert parquet.read_table(path).equals(table, check_metadata=True)
    assert parquet.read_table(path, ["b"]) == table.select(["b"])
    assert parquet.read_schema(path).metadata == {b"k": b"v"}


@pytest.mark.parametrize("content", [b"", b"x", b"0123456789" * 1000])
def test_blocks_are_slices_of_the_file(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with files.open_blocks(str(path)) as blocks:
        assert len(blocks) == len(content)
        slices = [(0, 4), (5000, 5010), (9990, 20000), (7, 7), (20000, 20001)]
        found = [bytes(blocks[start:stop]) for start, stop in slices]
    assert found == [content[start:stop] for start, stop in slices]


@pytest.mark.parametrize("folder", ["plain", "with[1]", "with*", "{a,b}", "a b"])
def test_files_are_found_in_a_folder_of_any_name(tmp_path, folder):
    (tmp_path / folder).mkdir()
    for name in ("b.tar", "a.tar", "c.parquet", ".d.tar"):
        (tmp_path / folder / name).touch()
    found = files.find_in(str(tmp_path / folder), "*.tar")
    assert found == [f"{tmp_path}/{folder}/a.tar", f"{tmp_path}/{folder}/b.tar"]


def test_a_glob_finds_files_in_order(tmp_path):
    for name in ("b/2.tar", "a/1.tar", "a/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = files.find(f"{tmp_path}/*/*.tar")
    assert found == [f"{tmp_path}/a/1.tar", f"{tmp_path}/b/2.tar"]
    assert files.find(f"{tmp_path}/no/*") == []


def test_removing_a_missing_file_does_nothing(tmp_path):
    files.remove(str(tmp_path / "nothing"))
    (tmp_path / "file").touch()
    files.remove(str(tmp_path / "file"))
    assert names(tmp_path) == []


def test_a_folder_disappears_before_its_files_are_removed(tmp_path, monkeypatch):
    folder = tmp_path / "shards"
    folder.mkdir()
    (folder / "00000.tar").touch()
    monkeypatch.setattr(files.shutil, "rmtree", lambda *_, **__: None)  # killed meanwhile
    files.remove(str(folder))
    assert not folder.exists()
    monkeypatch.undo()
    assert len(os.listdir(tmp_path)) == 1
    files.remove_temporaries(str(tmp_path))
    assert names(tmp_path) == []


def test_only_temporary_files_of_killed_attempts_are_removed(tmp_path):
    files.write_bytes(str(tmp_path / "a" / "kept"), b"x")
    for name in (".kept.tmp-0123", "a/.kept.tmp-4567"):
        (tmp_path / name).touch()
    (tmp_path / ".lock").touch()
    files.remove_temporaries(str(tmp_path))
    assert names(tmp_path) == [".lock", "a", "kept"]
