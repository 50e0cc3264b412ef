"""Sources and runs in an object store with an endpoint of one's own."""

import subprocess

import pytest

from evenpair.runners.dataflow.dataflow import has_extra

from ..support.commands import COMMAND, call
from ..support.image_server import serve_images
from ..support.messages import assert_refused, numbers_in
from ..support.object_store import ObjectStore
from ..support.shards import MadePair, make_jpeg, tree_bytes, write_source

pytestmark = pytest.mark.slow

ONE = ("--workers", "1")
NOISE = b"".join(bytes([at * at % 251]) for at in range(30_000))


@pytest.fixture(scope="module")
def store():
    store = ObjectStore()
    yield store
    store.close()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory, store):
    """Two shards, here and in the store, most of whose bytes are images."""
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


def test_a_run_in_the_store_writes_the_bytes_of_a_local_run(store, inputs, local_run):
    store.sent.clear()
    answer = run(store, "s3://bucket/in/{0..1}.tar", "--out", "s3://bucket/run")
    assert (answer.status, answer.err) == (0, "")
    assert [20, 16] in map(numbers_in, answer.out.splitlines())
    assert store.tree("run/shards") == tree_bytes(local_run / "shards")
    assert sorted(store.names("run")) == sorted(tree_bytes(local_run).keys() - {".lock"})
    fetched = {name: store.sent[f"in/{name}"] for name in ("0.tar", "1.tar")}
    sizes = {name: (inputs / name).stat().st_size for name in fetched}
    assert {n for n in sizes if sizes[n] <= fetched[n] <= sizes[n] + 1024} == {"0.tar", "1.tar"}


def test_score_reads_captions_without_the_archives(store, inputs):
    store.sent.clear()
    out = "s3://bucket/scored"
    options = ("--statistics", "prior", *ONE, "--", *store.beam_options)
    assert call("score", "s3://bucket/in", "--out", out, *options).status == 0
    assert {n: c for n, c in store.sent.items() if n.endswith(".tar")} == {
        "in/0.tar": 1024,
        "in/1.tar": 1024,
    }


def test_verify_finds_the_same_in_the_store(store, inputs):
    options = ("--loader-workers", "3", *ONE)
    here = call("verify", inputs, *options)
    there = call("verify", "s3://bucket/in", *options, "--", *store.beam_options)
    assert (there.status, there.out, there.err) == (1, here.out, "")
    assert "few-shards" in there.out.splitlines()[0]


def test_a_run_killed_while_it_uploads_leaves_no_shard_and_is_resumed(store, local_run, inputs):
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


def test_images_are_downloaded_into_the_store(store, tmp_path):
    with serve_images() as server:
        urls = "".join(f"{server.url}/{name}\n" for name in ("1.jpg", "2.jpg", "gone"))
        (tmp_path / "urls.csv").write_text(f"url\n{urls}")
        store.put(tmp_path, "lists")
        there = ("--out", "s3://bucket/images", "--number-sample-per-shard", "2")
        command = (
            "s3://bucket/lists/urls.csv",
            *there,
            "--allow-private-addresses",
            *ONE,
            "--",
            *store.beam_options,
        )
        answers = [call("download", *command) for _ in range(2)]
    assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * 2
    assert answers[0].out == answers[1].out
    assert list(map(numbers_in, answers[0].out.splitlines()[:2])) == [[3, 2], [1, 404]]
    assert len(server.asked) == 3
    shards = [f"{n:05d}{end}" for n in range(2) for end in (".parquet", ".tar", "_stats.json")]
    assert store.names("images") == [".download", *shards]


def test_files_of_an_earlier_write_are_removed_first(store, inputs):
    out = "s3://bucket/run"
    assert "run.json" in store.names("run")
    refused = call("run", inputs, "--out", out, *ONE, "--", *store.beam_options)
    assert_refused(refused, out, "--overwrite")
    written = call(
        "write", out, "--format", "parquet", "--overwrite", *ONE, "--", *store.beam_options
    )
    assert (written.status, len(written.err.splitlines())) == (0, 1)
    assert store.names("run/shards") == []
    assert store.names("run/shards-2") == ["00000.parquet", "00000_stats.json"]


NOBODY = (
    *("--s3_endpoint_url=http://127.0.0.1:9", "--s3_access_key_id=test"),
    "--s3_secret_access_key=test",
)


@pytest.mark.parametrize(
    ("path", "options", "status", "named"),
    [
        ("s3://bucket/in", NOBODY, 1, ["http://127.0.0.1:9"]),
        ("s3://bucket/in", ("{url}",), 1, ["credentials", "--s3"]),
        ("hdfs://folder/in", (), 2, ["pip install 'evenpair[hdfs]'"]),
        ("gs://bucket/in", (), 1 if has_extra() else 2, []),
        ("azfs://account/in/0.tar", (), 2, ["pip install 'evenpair[azure]'"]),
        ("ftp://host/in", (), 1, ["ftp://"]),
    ],
)
def test_an_unreachable_path_is_named(store, monkeypatch, tmp_path, path, options, status, named):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("apache_beam.internal.gcp.auth._Credentials._credentials_init", True)
    options = [option.format(url=f"--s3_endpoint_url={store.url}") for option in options]
    answer = call("score", path, "--out", tmp_path / "run", "--", *options)
    assert_refused(answer, path, *named, status=status)
