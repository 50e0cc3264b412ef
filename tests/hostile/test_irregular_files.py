"""FIFOs, sockets and devices in the place of files: refused in one line, and never waited for."""

import os
import shutil
import socket

import pytest

from evenpair.storage import files, parquet
from evenpair.storage.regular_files import IrregularFileError

from ..support.commands import call
from ..support.messages import assert_refused, raises_naming
from ..support.shards import MadePair, write_source

ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_source(folder / "0.tar", [MadePair(n, f"a dog {n}") for n in range(2)])
    return folder


@pytest.fixture(scope="module")
def run(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    options = ("--statistics", "prior", *ONE)
    assert call("score", inputs, "--out", out, *options).status == 0
    return out


def make_fifo(path):
    os.mkfifo(path)
    return path


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    return path


def link_to_a_device(path):
    path.symlink_to("/dev/zero")
    return path


KINDS = pytest.mark.parametrize("make", [make_fifo, make_socket, link_to_a_device])


@KINDS
def test_they_are_never_opened(make, tmp_path):
    path = str(make(tmp_path / "x"))
    for read in (files.read_bytes, parquet.read_table, parquet.read_schema):
        with raises_naming(IrregularFileError, path):
            read(path)
    with raises_naming(IrregularFileError, path), files.open_blocks(path):
        pass


@KINDS
@pytest.mark.parametrize("command", ["run", "score", "verify"])
def test_shards(make, command, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    path = make(folder / "x.tar")
    out = [] if command == "verify" else ["--out", tmp_path / "out", *ONE]
    for argument in (path, folder, folder / "*.tar"):
        assert_refused(call(command, argument, *out), path)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("urls.parquet", ("download", "{file}", "--out", "{out}", *ONE)),
        ("urls.csv", ("download", "{file}", "--out", "{out}", *ONE)),
        ("urls.txt", ("run", "{file}", "--out", "{out}", *ONE)),
        ("c.jsonl", ("enrich", "{run}", "--captions", "{file}", "--join", "uid", *ONE)),
        ("c.parquet", ("enrich", "{run}", "--captions", "{file}", "--join", "uid", *ONE)),
        ("s.parquet", ("score", "{inputs}", "--out", "{out}", "--statistics", "{file}", *ONE)),
        ("s.parquet", ("facts", "--input", "/dev/null", "--statistics", "{file}")),
        ("b.txt", ("select", "{run}", "--block-list", "{file}", *ONE)),
        ("b.npy", ("select", "{run}", "--block-list", "{file}", *ONE)),
        ("b.parquet", ("select", "{run}", "--block-list", "{file}", *ONE)),
        ("e.npz", ("measure", "{file}")),
        ("e.safetensors", ("measure", "{file}")),
        ("e.parquet", ("measure", "{file}")),
    ],
)
def test_other_files(name, command, inputs, run, tmp_path):
    path = make_fifo(tmp_path / name)
    own = shutil.copytree(run, tmp_path / "run")
    names = {"file": path, "out": tmp_path / "out", "run": own, "inputs": inputs}
    assert_refused(call(*(word.format(**names) for word in command)), path)


@pytest.mark.parametrize(("name", "status"), [("0.parquet", 0), ("0_stats.json", 1)])
def test_files_beside_a_shard(name, status, inputs, tmp_path):
    folder = shutil.copytree(inputs, tmp_path / "in")
    (folder / name).unlink()
    path = make_fifo(folder / name)
    answer = call("score", folder, "--out", tmp_path / "out", "--statistics", "prior", *ONE)
    assert (answer.status, len(answer.err.splitlines())) == (status, status)
    assert "2 samples, 1 findings" in call("verify", folder).out
    assert path.is_fifo()


def test_a_folder_in_the_place_of_a_file(tmp_path):
    with raises_naming(IsADirectoryError, tmp_path):
        files.read_bytes(str(tmp_path))
