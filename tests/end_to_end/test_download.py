"""``evenpair download``, and ``evenpair run`` on lists of urls."""

import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.cli.open_run import open_run

from ..support.commands import call, spawn
from ..support.downloads import NEEDS_EXTRA, fetch, forget_opener, write_list
from ..support.image_server import serve_images
from ..support.job_servers import serve_prism
from ..support.messages import assert_refused, numbers_in
from ..support.shards import read_shards, read_tar, tree_bytes

pytestmark = [pytest.mark.slow, NEEDS_EXTRA]


@pytest.fixture(autouse=True)
def fresh_urllib(monkeypatch):
    forget_opener(monkeypatch)


IMPOSSIBLE = [
    (["{new}.csv"], ["{new}.csv"]),
    (["{other}"], ["{other}", "parquet", "csv", "tsv", "jsonl", "txt"]),
    (["{urls}", "{text}"], ["{urls}", "{text}"]),
    (["{urls}", "--url-col", "URL"], ["--url-col", "URL", "{urls}", "url", "caption"]),
    (["{urls}", "--caption-col", "alt"], ["--caption-col", "alt", "{urls}", "caption"]),
    (["{urls}", "--verify-hash", "md5"], ["--verify-hash", "md5", "{urls}"]),
    (["{urls}", "--save-additional-columns", "a,b"], ["--save-additional-columns", "a", "{urls}"]),
    (["{urls}", "--save-additional-columns", "url"], ["--save-additional-columns", "url"]),
    (["{urls}", "--save-additional-columns", "day"], ["--save-additional-columns", "day", "JSON"]),
    (["{urls}", "--url-col", "twice"], ["{urls}", "url"]),
    (["{urls}", "--image-size", "0"], ["--image-size", "1", "0"]),
    (["{urls}", "--encode-quality", "101"], ["--encode-quality", "0", "100", "101"]),
    (["{urls}", "--encode-format", "png"], ["--encode-quality", "0", "9", "95"]),
    (["{urls}", "--number-sample-per-shard", "0"], ["--number-sample-per-shard", "1", "0"]),
    (["{urls}", "--requests-per-host", "0"], ["--requests-per-host", "1", "0"]),
    (["{urls}", "--retries", "-1"], ["--retries", "0", "-1"]),
    (["{urls}", "--timeout", "nan"], ["--timeout", "0.1", "nan"]),
    (
        ["{urls}", "--verify-hash", "a", "--compute-hash", "none"],
        ["--verify-hash", "--compute-hash"],
    ),
]
"""Arguments that are refused, and the options, values and paths that the message has to name."""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    columns = {"url": ["u"], "caption": ["c"], "day": pa.array([0], pa.date32())}
    table = pa.table([*columns.values(), ["1"], ["2"]], [*columns, "twice", "twice"])
    pq.write_table(table, folder / "urls.parquet")
    (folder / "more.csv").write_text("url\nu\n")
    (folder / "other.zip").touch()
    return {
        "urls": folder / "urls.parquet",
        "text": folder / "more.csv",
        "other": folder / "other.zip",
        "new": folder / "new",
    }


class TestCommand:
    @pytest.mark.parametrize(("arguments", "named"), IMPOSSIBLE)
    def test_impossible_arguments_are_refused(self, places, arguments, named):
        formatted = [argument.format(**places) for argument in arguments]
        answer = call("download", *formatted, "--out", places["new"])
        assert_refused(answer, *(name.format(**places) for name in named))
        assert not places["new"].exists()

    def test_a_folder_with_other_files_is_refused(self, places):
        folder = places["urls"].parent
        assert_refused(call("download", places["urls"], "--out", folder), folder)

    def test_without_the_extra_the_message_says_how_to_install_it(self, places, monkeypatch):
        monkeypatch.setitem(sys.modules, "img2dataset", None)
        answer = call("download", places["urls"], "--url-col", "url", "--out", places["new"])
        assert_refused(answer, "pip install 'evenpair[download]'")

    def test_an_unreadable_list_is_named(self, tmp_path):
        (tmp_path / "urls.csv").write_text("url,caption\na,b\nc,d,e\n")
        answer = call("download", tmp_path / "urls.csv", "--out", tmp_path / "out")
        assert_refused(answer, tmp_path / "urls.csv", status=1)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The answers of two equal commands, the run directory, and its state after each of them."""
    folder = tmp_path_factory.mktemp("run")
    with serve_images() as server:
        urls = [f"{server.url}/{name}" for name in ("1.jpg", "gone", "2.jpg", "page", "3.jpg")]
        numbers = {"uid": [f"{n:032x}" for n in range(5)], "score": [0.1, 0.2, 0.3, 0.4, 0.5]}
        path = write_list(folder / "urls.parquet", urls, **numbers)
        out = folder / "out"
        command = ("run", path, "--out", out, "--where", "score > 0.2", "--workers", "1")
        command = (*command, "--number-sample-per-shard", "2", "--allow-private-addresses")
        answers = [call(*command)]
        asked, tree = len(server.asked), tree_bytes(out)
        answers.append(call(*command))
        again = (len(server.asked), tree_bytes(out))
    return answers, out, (asked, tree), again


class TestRun:
    def test_images_are_downloaded_then_pairs_are_chosen(self, ended):
        answers, out, *_ = ended
        urls, missing, undecodable, pairs, rejected = answers[0].out.splitlines()[:5]
        assert (answers[0].status, answers[0].err) == (0, "")
        assert (numbers_in(urls), numbers_in(pairs)) == ([5, 3], [3, 2])
        assert numbers_in(missing) == [1, 404]
        assert numbers_in(undecodable) == numbers_in(rejected) == [1]
        assert rejected.endswith(" where")
        samples = read_shards(out / "shards")
        written = [(s["__key__"], s["txt"], s["json"]["uid"], s["json"]["score"]) for s in samples]
        assert written == [
            ("000010", b"caption 2", f"{2:032x}", 0.3),
            ("000020", b"caption 4", f"{4:032x}", 0.5),
        ]
        assert [s["jpg"] for s in samples] == [
            read_tar(out / "downloads" / f"{shard}.tar")[f"{key}.jpg"]
            for shard, key in (("00001", "000010"), ("00002", "000020"))
        ]

    def test_a_second_run_downloads_and_writes_nothing(self, ended):
        answers, _, first, second = ended
        assert (answers[1].status, answers[1].out) == (0, answers[0].out)
        assert second == first

    def test_overwriting_starts_with_an_empty_folder(self, ended, tmp_path):
        out = shutil.copytree(ended[1], tmp_path / "out")
        with open_run(str(out), EngineOptions(), begin=True, overwrite=True):
            left = sorted(path.name for path in out.iterdir())
        assert left == [".lock", "run.json", "shards"]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["{shards}", "--image-size", "9"], ["--image-size", "INPUT"]),
            (["{list}", "{shards}"], ["{list}", "{shards}"]),
            (["{list}", "--image-size", "9"], ["{out}/downloads", "--image-size"]),
            (["{plain}"], ["{plain}", "--caption-col"]),
        ],
    )
    def test_impossible_arguments_are_refused(self, ended, tmp_path, arguments, named):
        out = ended[1]
        (tmp_path / "plain.csv").write_text("url\nu\n")
        shards = shutil.copytree(out / "downloads", tmp_path / "shards")
        places = {
            "out": out, "list": out.parent / "urls.parquet",
            "plain": tmp_path / "plain.csv", "shards": shards,
        }  # fmt: skip
        formatted = [argument.format(**places) for argument in arguments]
        answer = call("run", *formatted, "--out", out, "--where", "score > 0.2")
        assert_refused(answer, *(name.format(**places) for name in named))


def test_another_engine_writes_the_same_bytes(tmp_path):
    with serve_images() as server, serve_prism(tmp_path / "log") as endpoint:
        path = write_list(tmp_path / "urls.parquet", [f"{server.url}/{n}.jpg" for n in range(4)])
        options = ("--number-sample-per-shard", 2, "--runner", "portable")
        more = ("--allow-private-addresses", "--job-endpoint", endpoint)
        command = ("download", "urls.parquet", "--out", "out", *options, *more)
        answer = spawn(*command, cwd=tmp_path)
        assert (answer.status, answer.err) == (0, "")
        fetch(path, tmp_path / "here", number_sample_per_shard=2)
    elsewhere, here = (tree_bytes(tmp_path / name) for name in ("out", "here"))
    shards = [f"{number:05d}.{end}" for number in range(2) for end in ("parquet", "tar")]
    assert [elsewhere[name] for name in shards] == [here[name] for name in shards]
    others = {".download", ".lock", "00000_stats.json", "00001_stats.json"}
    assert set(elsewhere) == {*shards, *others}
