"""Sources and runs in an object store with an endpoint of one's own."""

import io
import subprocess

import pytest

from evenpair.runners.dataflow.dataflow import has_extra
from evenpair.schemas.errors import EvenpairError
from evenpair.storage import files
from evenpair.storage import remote as remote_storage

from ..support.commands import COMMAND, call
from ..support.image_server import serve_images
from ..support.object_store import ObjectStore
from ..support.shards import MadePair, make_jpeg, tree_bytes, write_source

ONE = ("--workers", "1")
NOISE = b"".join(bytes([at * at % 251]) for at in range(30_000))


@pytest.fixture(scope="module")
def store():
    store = ObjectStore()
    yield store
    store.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, store):
    """Two shards, here and in the store; next to their images what is read besides is little."""
    folder = tmp_path_factory.mktemp("inputs")
    for shard in range(2):
        pairs = [
            MadePair(10 * shard + at, f"a dog on {at} boats", make_jpeg(at) + NOISE[at:])
            for at in range(10)
        ]
        write_source(folder / f"{shard}.tar", pairs)
    store.put(folder, "in")
    return folder


@pytest.fixture(scope="module")
def local_run(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("local") / "run"
    assert call("run", inputs, "--out", out, *OPTIONS).status == 0
    return out


OPTIONS = ("--keep-fraction", "0.8", "--statistics", "prior", *ONE)


def run(store, *arguments):
    return call("run", *arguments, *OPTIONS, "--", *store.beam_options)


def test_a_run_there_is_a_run_here(store, inputs, local_run):
    store.sent.clear()
    answer = run(store, "s3://bucket/in/{0..1}.tar", "--out", "s3://bucket/run")
    assert (answer.status, answer.err) == (0, "")
    assert "20 pairs read, 16 written" in answer.out
    assert store.tree("run/shards") == tree_bytes(local_run / "shards")
    assert sorted(store.names("run")) == sorted(tree_bytes(local_run).keys() - {".lock"})
    fetched = {name: store.sent[f"in/{name}"] for name in ("0.tar", "1.tar")}
    sizes = {name: (inputs / name).stat().st_size for name in fetched}
    assert {n for n in sizes if sizes[n] <= fetched[n] <= sizes[n] + 1024} == {"0.tar", "1.tar"}


def test_captions_are_read_without_the_archives(store, inputs):
    store.sent.clear()
    out = "s3://bucket/scored"
    options = ("--statistics", "prior", *ONE, "--", *store.beam_options)
    assert call("score", "s3://bucket/in", "--out", out, *options).status == 0
    assert {n: c for n, c in store.sent.items() if n.endswith(".tar")} == {
        "in/0.tar": 1024,
        "in/1.tar": 1024,
    }


def test_shards_there_are_verified_as_shards_here(store, inputs):
    options = ("--loader-workers", "3", *ONE)
    here = call("verify", inputs, *options)
    there = call("verify", "s3://bucket/in", *options, "--", *store.beam_options)
    assert (there.status, there.out, there.err) == (1, here.out, "")
    assert there.out.startswith("-  -  few-shards: 2 shards for 3 loader workers")


def test_a_run_killed_while_it_uploads_leaves_nothing_that_looks_whole(store, local_run, inputs):
    arguments = ["run", str(inputs), "--out", "s3://bucket/killed", *OPTIONS, "--"]
    command = [str(COMMAND), *arguments, *store.beam_options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(path):
        if path == "killed/shards/00000.tar":
            process.kill()
            process.wait()

    store.on_upload = kill
    assert process.wait() == -9
    store.on_upload = lambda _path: None
    assert store.names("killed/shards") == []
    assert "plan.parquet" in store.names("killed")
    assert run(store, inputs, "--out", "s3://bucket/killed").status == 0
    assert store.tree("killed/shards") == tree_bytes(local_run / "shards")


def test_images_are_downloaded_there(store, tmp_path):
    with serve_images() as server:
        urls = "".join(f"{server.url}/{name}\n" for name in ("1.jpg", "2.jpg", "gone"))
        (tmp_path / "urls.csv").write_text(f"url\n{urls}")
        store.put(tmp_path, "lists")
        there = ("--out", "s3://bucket/images", "--number-sample-per-shard", "2")
        command = ("s3://bucket/lists/urls.csv", *there, *ONE, "--", *store.beam_options)
        answers = [call("download", *command) for _ in range(2)]
    said = "3 urls, 2 images\n  1 failed: HTTP Error 404: Not Found\nshards  s3://bucket/images\n"
    assert [(a.status, a.out, a.err) for a in answers] == [(0, said, "")] * 2
    assert len(server.asked) == 3
    shards = [f"{n:05d}{end}" for n in range(2) for end in (".parquet", ".tar", "_stats.json")]
    assert store.names("images") == [".download", *shards]


def test_what_is_redone_is_removed_first(store, inputs):
    out = "s3://bucket/run"
    assert "run.json" in store.names("run")
    refused = call("run", inputs, "--out", out, *ONE, "--", *store.beam_options)
    assert refused.status == 2
    assert "--overwrite" in refused.err
    written = call("write", out, "--format", "parquet", *ONE, "--", *store.beam_options)
    assert (written.status, written.err) == (0, "")
    assert store.names("run/shards") == ["00000.parquet", "00000_stats.json"]


@pytest.fixture
def connected(store):
    remote_storage.use_options(store.beam_options)


class Broken(io.BytesIO):
    """A file whose disk fails after its first piece."""

    def read(self, size=-1):
        if self.tell():
            raise OSError("the disk is gone")
        return super().read(size)


@pytest.mark.usefixtures("connected")
class TestStorage:
    """What one path needs."""

    def test_an_upload_that_fails_leaves_nothing(self, store):
        with pytest.raises(OSError, match="the disk is gone"):
            remote_storage.upload(Broken(bytes(20 << 20)), "s3://bucket/broken")
        assert not files.exists("s3://bucket/broken")

    def test_a_file_appears_when_the_block_ends(self, store):
        path = "s3://bucket/folder/file"
        with pytest.raises(KeyError):
            self.fail_in_the_middle(path)
        assert not files.exists(path)
        with files.write_whole(path) as file:
            file.write(b"whole")
            file.flush()
            assert not files.exists(path)
        assert files.read_bytes(path) == b"whole"
        assert files.size_of(path) == 5
        with files.open_blocks(path) as blocks:
            assert (len(blocks), blocks[1:3]) == (5, b"ho")

    def fail_in_the_middle(self, path):
        with files.write_whole(path) as file:
            file.write(b"half")
            raise KeyError

    def test_a_folder_goes_with_all_that_is_in_it(self, store):
        for name in ("gone/a", "gone/b/c", "gone_not/d"):
            files.write_bytes(f"s3://bucket/{name}", b"x")
        files.remove("s3://bucket/gone")
        files.remove("s3://bucket/never")
        assert files.find("s3://bucket/gone**") == ["s3://bucket/gone_not/d"]

    def test_what_is_not_there(self):
        for ask in (files.size_of, files.read_bytes):
            with pytest.raises(FileNotFoundError, match=r"^s3://bucket/no: there is no such file$"):
                ask("s3://bucket/no")
        with pytest.raises(EvenpairError, match=r"^s3://other/no: there is no such bucket$"):
            files.require_access("s3://other/no")


@pytest.mark.parametrize(
    ("path", "options", "status", "said"),
    [
        ("s3://bucket/in", ("--s3_endpoint_url=http://127.0.0.1:9", "--s3_access_key_id=test",
         "--s3_secret_access_key=test"), 1, "s3://bucket/in: Could not connect to the endpoint"),
        ("s3://bucket/in", ("{url}",), 1, "s3://bucket/in: Unable to locate credentials (see --s3"),
        ("hdfs://folder/in", (), 2, "hdfs://folder/in: needs what pip install 'evenpair[hdfs]' "),
        ("gs://bucket/in", (), 1 if has_extra() else 2, "gs://bucket/in: "),
        ("azfs://account/in/0.tar", (), 2, "azfs://account/in/0.tar: needs what pip install 'ev"),
        ("ftp://host/in", (), 1, "ftp://host/in: no file system is known for ftp://"),
    ],
)  # fmt: skip
def test_what_cannot_be_reached_is_one_line(
    store, monkeypatch, tmp_path, path, options, status, said
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("apache_beam.internal.gcp.auth._Credentials._credentials_init", True)
    options = [option.format(url=f"--s3_endpoint_url={store.url}") for option in options]
    answer = call("score", path, "--out", tmp_path / "run", "--", *options)
    assert answer.status == status
    assert answer.err.startswith(f"evenpair: {said}")
    assert answer.err.count("\n") == 1
