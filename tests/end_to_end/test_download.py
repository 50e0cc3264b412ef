"""Lists of urls become img2dataset's shards, whatever servers answer and whoever is killed."""

import gzip
import json
import re
import shutil
import urllib.request
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.download.download import download, downloading, plan_download
from evenpair.pipeline.download.shard_urls import shard_urls
from evenpair.pipeline.inputs.url_lists import find_url_lists
from evenpair.pipeline.options.download_options import DownloadOptions, FetchOptions
from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.cli.open_run import open_downloads, open_run
from evenpair.runners.direct.direct import run_direct
from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.download.download_shards import download_shard

from ..support.commands import call, spawn
from ..support.image_server import serve_images
from ..support.job_servers import serve_prism
from ..support.shards import make_jpeg, read_shards, read_tar, tree_bytes

pytestmark = pytest.mark.skipif(not find_spec("img2dataset"), reason="needs the download extra")

LIMITS = {"timeout": 2.5, "max_seconds": 3.0, "max_bytes": 100_000}
SUCCESS = ("success", None)
ENDINGS = (".tar", ".parquet", "_stats.json")


def here(build, work):
    """Run in this process, where nobody looks at what img2dataset prints and warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_direct(build, replace(work, apart=False), EngineOptions(workers=1))


@pytest.fixture(autouse=True)
def opener(monkeypatch):
    """What was installed for urllib is so no longer."""
    monkeypatch.setattr(urllib.request, "_opener", None)


@pytest.fixture
def server():
    with serve_images() as images:
        yield images


def write_list(path, urls, **columns):
    captions = [f"caption {number}" for number, _ in enumerate(urls)]
    pq.write_table(pa.table({"url": urls, "caption": captions, **columns}), path)
    return path


def fetch(path, out, **options):
    """Download a list in this process."""
    names = FetchOptions.__dataclass_fields__
    how = FetchOptions(**{n: v for n, v in options.items() if n in names})
    kept = DownloadOptions(**{n: v for n, v in options.items() if n not in names})
    download(plan_download(find_url_lists([str(path)]), kept, how), RunDirectory(str(out)), here)


def rows(out):
    tables = [pq.read_table(path) for path in sorted(out.glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def told(message):
    """What a row or the statistics say, without where in OpenCV that was."""
    return message and re.sub(r"OpenCV.* error: (.*) in function.*\n", r"\1", message)


ANSWERS = {
    "1.jpg": SUCCESS,
    "moved": SUCCESS,
    "not-for-others": SUCCESS,
    "gone": ("failed_to_download", "HTTP Error 404: Not Found"),
    "broken": ("failed_to_download", "HTTP Error 500: Internal Server Error"),
    "refused-at-length": ("failed_to_download", "HTTP Error 403: Forbidden"),
    "reset": ("failed_to_download", "[Errno 104] Connection reset by peer"),
    "silent": ("failed_to_download", "timed out"),
    "dribbling": ("failed_to_download", "not done after 3 seconds"),
    "dribbling-headers": ("failed_to_download", "not done after 3 seconds"),
    "endless": ("failed_to_download", "more than 100000 bytes"),
    "huge": ("failed_to_download", "more than 100000 bytes"),
    "loop": (
        "failed_to_download",
        "HTTP Error 302: The HTTP server returned a redirect error that would lead to an infinite "
        "loop.\nThe last 30x error message was:\nFound",
    ),
    "moved-to-a-file": (
        "failed_to_download",
        "HTTP Error 302: Found - Redirection to url 'file:///etc/hostname' is not allowed",
    ),
    "shorter-than-it-says": (
        "failed_to_download",
        f"IncompleteRead({len(make_jpeg(1))} bytes read, 9 more expected)",
    ),
    "for-no-ai": ("failed_to_download", "Use of image disallowed by X-Robots-Tag directive"),
    "not-for-us": ("failed_to_download", "Use of image disallowed by X-Robots-Tag directive"),
    "longer-than-it-says": ("failed_to_resize", "Image decoding error"),
    "half": ("failed_to_resize", "Image decoding error"),
    "page": ("failed_to_resize", "Image decoding error"),
    "empty": ("failed_to_resize", "(-215:Assertion failed) !buf.empty()"),
    "bomb": ("failed_to_resize", "(-215:Assertion failed) pixels <= CV_IO_MAX_IMAGE_PIXELS"),
    "small": ("failed_to_resize", "image too small"),
    "narrow": ("failed_to_resize", "aspect ratio too large"),
}
ELSEWHERE = {
    "file:///etc/hostname": ("failed_to_download", "<urlopen error unknown url type: file>"),
    "ftp://127.0.0.1/1.jpg": ("failed_to_download", "<urlopen error unknown url type: ftp>"),
    "no url": ("failed_to_download", "unknown url type: 'no url'"),
    "http://127.0.0.1:1/1.jpg": (
        "failed_to_download",
        "<urlopen error [Errno 111] Connection refused>",
    ),
}


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory):
    """One shard, of everything that a server can answer."""
    folder = tmp_path_factory.mktemp("answers")
    with serve_images() as server:
        urls = [f"{server.url}/{name}" for name in ANSWERS] + list(ELSEWHERE)
        path = write_list(folder / "urls.parquet", urls)
        options = {"min_image_size": 10, "max_aspect_ratio": 4, **LIMITS}
        fetch(path, folder / "out", **options)
    return server, folder / "out"


class TestAnswers:
    def test_every_url_has_a_status_that_says_why(self, downloaded):
        server, out = downloaded
        found = {r["url"].removeprefix(f"{server.url}/"): r for r in rows(out)}
        answers = {url: (r["status"], told(r["error_message"])) for url, r in found.items()}
        assert answers == ANSWERS | ELSEWHERE

    def test_the_statistics_count_them(self, downloaded):
        _, out = downloaded
        statistics = json.loads((out / "00000_stats.json").read_text())
        answers = [*ANSWERS.values(), *ELSEWHERE.values()]
        messages = [error or "success" for _, error in answers]
        statuses = [status for status, _ in answers]
        counted = {told(message): n for message, n in statistics["status_dict"].items()}
        times = ("duration", "start_time", "end_time")
        assert {n: v for n, v in statistics.items() if n not in times} | {
            "status_dict": counted
        } == {
            "count": len(answers),
            "successes": statuses.count("success"),
            "failed_to_download": statuses.count("failed_to_download"),
            "failed_to_resize": statuses.count("failed_to_resize"),
            "status_dict": {message: messages.count(message) for message in messages},
        }

    def test_the_archive_holds_the_successes(self, downloaded):
        _, out = downloaded
        kept = {row["key"] for row in rows(out) if row["status"] == "success"}
        names = {f"{key}.{end}" for key in kept for end in ("jpg", "json", "txt")}
        assert set(read_tar(out / "00000.tar")) == names
        assert names != set()

    def test_servers_are_told_who_asks(self, downloaded):
        server, _ = downloaded
        (agent,) = server.agents
        assert "(compatible; img2dataset; +https://github.com/rom1504/img2dataset)" in agent

    def test_nothing_else_is_left(self, downloaded):
        _, out = downloaded
        ours = {".download", *(f"00000{end}" for end in ENDINGS)}
        assert {path.name for path in out.iterdir()} == ours


def test_opting_out_can_be_passed_over_and_another_name_given(server, tmp_path):
    urls = [f"{server.url}/{name}" for name in ("for-no-ai", "not-for-us")]
    path = write_list(tmp_path / "urls.parquet", urls)
    fetch(path, tmp_path / "a", user_agent_token="mine")
    assert [row["status"] for row in rows(tmp_path / "a")] == ["failed_to_download", "success"]
    fetch(path, tmp_path / "b", disallowed_header_directives=())
    assert [row["status"] for row in rows(tmp_path / "b")] == ["success", "success"]


def test_a_host_gets_no_more_requests_at_a_time_than_it_is_allowed(tmp_path):
    with serve_images(seconds=lambda _: 0.05) as server:
        path = write_list(tmp_path / "urls.parquet", [f"{server.url}/{n}.jpg" for n in range(12)])
        fetch(path, tmp_path / "out", thread_count=12, requests_per_host=2)
    assert (len(server.asked), server.most_at_work <= 2) == (12, True)


def test_the_order_of_answers_changes_no_byte(tmp_path):
    trees = []
    for slow in ("0.jpg", "3.jpg"):
        with serve_images(seconds=lambda name, slow=slow: 0.3 * (name == slow)) as server:
            urls = [f"{server.url}/{number}.jpg" for number in range(6)]
            path = write_list(tmp_path / f"{slow}.parquet", ["no url", *urls])
            out = tmp_path / slow
            fetch(path, out, format="parquet")
        table = pq.read_table(out / "00000.parquet")
        assert table["key"].to_pylist() == [f"{number:09d}" for number in range(7)]
        assert [image is None for image in table["jpg"].to_pylist()] == [True] + [False] * 6
        trees.append(table.drop_columns(["url"]))
    assert trees[0] == trees[1]


TWO = {"number_sample_per_shard": 2}


def write_numbers(path, server, *numbers):
    return write_list(path, [f"{server.url}/{number}.jpg" for number in numbers])


@pytest.fixture
def six(server, tmp_path):
    """A list of three shards of two images each."""
    return write_numbers(tmp_path / "urls.parquet", server, *range(6))


class TestResume:
    def test_what_is_finished_is_not_asked_for_again(self, server, six, tmp_path):
        fetch(six, tmp_path / "out", **TWO)
        before = tree_bytes(tmp_path / "out")
        assert sorted(server.asked) == [f"{number}.jpg" for number in range(6)]
        fetch(six, tmp_path / "out", **TWO, thread_count=3)
        assert (len(server.asked), tree_bytes(tmp_path / "out")) == (6, before)

    def test_a_shard_that_was_killed_is_made_anew(self, server, six, tmp_path):
        out = tmp_path / "out"
        fetch(six, out, **TWO)
        before = tree_bytes(out)
        record = json.loads((out / ".download").read_text())
        (out / ".download").write_text(json.dumps({**record, "done": False}))
        (out / "00001_stats.json").unlink()
        (out / "00001.tar").write_bytes(before["00001.tar"][:700])
        (out / ".00001.tmp-0.parts").mkdir()
        (out / ".00001.tmp-0.parts" / "00001.tar").touch()
        fetch(six, out, **TWO)
        assert sorted(server.asked[6:]) == ["2.jpg", "3.jpg"]
        after = tree_bytes(out)
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert changed == {"00001_stats.json"}  # which has the times

    def test_what_img2dataset_left_is_gone_on_with(self, server, six, tmp_path):
        for name in ("00000_stats.json", "sizes.json"):
            (tmp_path / name).write_text('{"count": 2, "successes": 2, "status_dict": {}}')
        answer = call("download", six, "--out", tmp_path, "--number-sample-per-shard", 2)
        assert answer.status == 2
        (tmp_path / "out").mkdir()
        (tmp_path / "00000_stats.json").rename(tmp_path / "out" / "00000_stats.json")
        fetch(six, tmp_path / "out", **TWO)
        assert sorted(server.asked) == [f"{number}.jpg" for number in range(2, 6)]

    def test_more_lists_may_follow(self, server, tmp_path):
        folder, out = tmp_path / "lists", tmp_path / "out"
        folder.mkdir()
        write_numbers(folder / "0.parquet", server, 0, 1, 2)
        fetch(folder, out, **TWO)
        write_numbers(folder / "1.parquet", server, 3)
        fetch(folder, out, **TWO)
        assert server.asked[3:] == ["3.jpg"]
        assert [row["key"] for row in rows(out)] == ["000000", "000001", "000010", "000020"]

    def test_other_urls_or_options_are_refused(self, server, six, tmp_path):
        fetch(six, tmp_path / "out")
        with pytest.raises(UsageError, match=r"with --image-size 256, not with --image-size 64: "):
            fetch(six, tmp_path / "out", image_size=64)
        write_numbers(six, server, *range(9))
        with pytest.raises(UsageError, match=r"out was downloaded from other urls: name another"):
            fetch(six, tmp_path / "out")

    def test_overwriting_begins_with_nothing(self, six, tmp_path):
        fetch(six, tmp_path / "out", **TWO)
        (tmp_path / "out" / "work").mkdir()
        lists = find_url_lists([str(six)])
        with open_downloads(str(tmp_path / "out"), EngineOptions(), lists, overwrite=True):
            assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]

    @pytest.mark.filterwarnings("ignore")
    def test_of_two_attempts_at_a_time_one_gives_way(self, six, tmp_path, monkeypatch):
        from img2dataset import resizer

        # it hides the output of the process, which two threads cannot do at the same time
        monkeypatch.setattr(resizer, "SuppressStdoutStderr", nullcontext)
        wanted = plan_download(find_url_lists([str(six)]), DownloadOptions(), FetchOptions())
        (shard,) = shard_urls(
            wanted.lists, wanted.columns, wanted.options, set(), str(tmp_path / "urls")
        )
        out = tmp_path / "out"
        with ThreadPoolExecutor() as attempts:
            both = [
                attempts.submit(download_shard, shard, str(out), downloading(wanted))
                for _ in range(2)
            ]
        assert [attempt.exception() for attempt in both] == [None, None]
        assert {path.name for path in out.iterdir()} == {f"00000{end}" for end in ENDINGS}
        assert len(read_tar(out / "00000.tar")) == 18
        assert [row["status"] for row in rows(out)] == ["success"] * 6

    def test_a_shard_that_fails_is_a_line_and_the_others_are_done(self, six, tmp_path):
        out = tmp_path / "out"
        (out / "00001.tar").mkdir(parents=True)
        with pytest.raises(EvenpairError, match=r"^shard 00001 is not written: IsADirectoryError"):
            fetch(six, out, **TWO)
        done = sorted(path.name for path in out.glob("*_stats.json"))
        assert done == ["00000_stats.json", "00002_stats.json"]
        (out / "00001.tar").rmdir()
        fetch(six, out, **TWO)
        assert [row["status"] for row in rows(out)] == ["success"] * 6
        assert not (out / "work").exists()

    def test_samples_that_img2dataset_loses_are_a_fault(self, six, tmp_path, monkeypatch):
        from img2dataset.resizer import Resizer

        monkeypatch.setattr(Resizer, "__call__", lambda *_: 1 / 0)
        with pytest.raises(EvenpairError, match=r"of 6 urls and 0 images, 0 and 0 were kept$"):
            fetch(six, tmp_path / "out")


class TestLists:
    table = pa.table({"link": ["u/0.jpg", "u/1.jpg"], "text": ["a dog", "a cat"], "n": [7, 8]})

    def write(self, folder, name):
        path = folder / name
        kind = name.split(".")[1]
        if kind == "parquet":
            pq.write_table(self.table, path)
            return path
        sink = pa.BufferOutputStream()
        if kind == "jsonl":
            sink.write("\n".join(map(json.dumps, self.table.to_pylist())).encode())
        elif kind == "txt":
            sink.write(b"u/0.jpg\nu/1.jpg\n")
        else:
            delimiter = "\t" if kind == "tsv" else ","
            pa_csv.write_csv(self.table, sink, pa_csv.WriteOptions(delimiter=delimiter))
        content = sink.getvalue().to_pybytes()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    @pytest.mark.parametrize(
        "name", ["a.parquet", "a.csv", "a.tsv.gz", "a.jsonl", "a.jsonl.gz", "a.txt", "a.csv.gz"]
    )
    def test_every_format_gives_the_same_rows(self, tmp_path, name):
        text = ".txt" in name
        columns = {} if text else {"url_col": "link", "save_additional_columns": ("*",)}
        fetch(self.write(tmp_path, name), tmp_path / "out", **columns)
        found = [(row["url"], row.get("caption"), row.get("n")) for row in rows(tmp_path / "out")]
        full = [("u/0.jpg", "a dog", 7), ("u/1.jpg", "a cat", 8)]
        assert found == ([(url, None, None) for url, _, _ in full] if text else full)

    def test_images_that_changed_are_told_by_their_hash(self, server, tmp_path):
        from hashlib import sha256

        urls = [f"{server.url}/{number}.jpg" for number in (1, 2)]
        hashes = [sha256(make_jpeg(number, (40, 30))).hexdigest() for number in (1, 3)]
        path = write_list(tmp_path / "urls.parquet", urls, was=hashes)
        fetch(path, tmp_path / "out", verify_hash="was")
        found = [(row["status"], row["error_message"]) for row in rows(tmp_path / "out")]
        assert found == [SUCCESS, ("failed_to_download", "hash mismatch")]


IMPOSSIBLE = [
    (["{new}.csv"], "no such list of urls: {new}.csv"),
    (["{other}"], "{other} is no list of urls: name parquet, csv, tsv, jsonl, txt files"),
    (["{urls}", "{text}"], "{urls} and {text} have different formats: download one after"),
    (["{urls}", "--url-col", "URL"], "--url-col URL: {urls} has no such column, only url, capt"),
    (["{urls}", "--caption-col", "alt"], "--caption-col alt: {urls} has no such column, only"),
    (["{urls}", "--verify-hash", "md5"], "--verify-hash md5: {urls} has no such column, only"),
    (["{urls}", "--save-additional-columns", "a,b"], "--save-additional-columns a: {urls} has no"),
    (["{urls}", "--save-additional-columns", "url"], "--save-additional-columns url: img2dataset"),
    (["{urls}", "--save-additional-columns", "day"], "--save-additional-columns day: JSON cannot"),
    (["{urls}", "--url-col", "twice"], "{urls} has two columns for url: leave one of them out"),
    (["{urls}", "--image-size", "0"], "--image-size must be at least 1, not 0"),
    (["{urls}", "--encode-quality", "101"], "--encode-quality must be between 0 and 100, not 101"),
    (["{urls}", "--encode-format", "png"], "--encode-quality must be between 0 and 9, not 95"),
    (["{urls}", "--number-sample-per-shard", "0"], "--number-sample-per-shard must be at least 1"),
    (["{urls}", "--requests-per-host", "0"], "--requests-per-host must be at least 1, not 0"),
    (["{urls}", "--retries", "-1"], "--retries must be at least 0, not -1"),
    (["{urls}", "--timeout", "nan"], "--timeout must be at least 0.1, not nan"),
    (["{urls}", "--verify-hash", "a", "--compute-hash", "none"], "--verify-hash needs --compute-h"),
]


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
    @pytest.mark.parametrize(("arguments", "line"), IMPOSSIBLE)
    def test_what_cannot_be_meant_is_one_line_and_exit_2(self, places, arguments, line):
        given = [argument.format(**places) for argument in arguments]
        answer = call("download", *given, "--out", places["new"])
        assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert answer.err.startswith(f"evenpair: {line.format(**places)}")
        assert not places["new"].exists()

    def test_a_folder_with_other_files_is_refused(self, places):
        folder = places["urls"].parent
        answer = call("download", places["urls"], "--out", folder)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert answer.err.startswith(f"evenpair: {folder} holds other files, such as {folder}/")

    def test_without_the_extra_there_is_a_line_that_installs_it(self, places, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "img2dataset", None)
        answer = call("download", places["urls"], "--url-col", "url", "--out", places["new"])
        line = "downloading needs the download extra: pip install 'evenpair[download]'\n"
        assert (answer.status, answer.err) == (2, f"evenpair: {line}")

    def test_a_list_that_cannot_be_read_is_exit_1(self, tmp_path):
        (tmp_path / "urls.csv").write_text("url,caption\na,b\nc,d,e\n")
        answer = call("download", tmp_path / "urls.csv", "--out", tmp_path / "out")
        assert (answer.status, answer.err.count("\n")) == (1, 1)
        assert answer.err.startswith(f"evenpair: {tmp_path}/urls.csv cannot be read")


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The whole job from a list of urls, in processes of its own; and once more."""
    folder = tmp_path_factory.mktemp("run")
    with serve_images() as server:
        urls = [f"{server.url}/{name}" for name in ("1.jpg", "gone", "2.jpg", "page", "3.jpg")]
        numbers = {"uid": [f"{n:032x}" for n in range(5)], "score": [0.1, 0.2, 0.3, 0.4, 0.5]}
        path = write_list(folder / "urls.parquet", urls, **numbers)
        out = folder / "out"
        command = ("run", path, "--out", out, "--where", "score > 0.2", "--workers", "1")
        command = (*command, "--number-sample-per-shard", "2")
        answers = [call(*command)]
        asked, tree = len(server.asked), tree_bytes(out)
        answers.append(call(*command))
        again = (len(server.asked), tree_bytes(out))
    return answers, out, (asked, tree), again


class TestRun:
    def test_images_are_downloaded_then_pairs_are_chosen(self, ended):
        answers, out, *_ = ended
        lines = answers[0].out.splitlines()
        assert (answers[0].status, answers[0].err) == (0, "")
        assert lines[:5] == [
            "5 urls, 3 images",
            "  1 failed: HTTP Error 404: Not Found",
            "  1 failed: Image decoding error",
            "3 pairs read, 2 written",
            "  1 rejected: where",
        ]
        samples = read_shards(out / "shards")
        said = [(s["__key__"], s["txt"], s["json"]["uid"], s["json"]["score"]) for s in samples]
        assert said == [
            ("000010", b"caption 2", f"{2:032x}", 0.3),
            ("000020", b"caption 4", f"{4:032x}", 0.5),
        ]
        assert [s["jpg"] for s in samples] == [
            read_tar(out / "downloads" / f"{shard}.tar")[f"{key}.jpg"]
            for shard, key in (("00001", "000010"), ("00002", "000020"))
        ]

    def test_a_second_run_does_nothing(self, ended):
        answers, _, first, second = ended
        assert (answers[1].status, answers[1].out) == (0, answers[0].out)
        assert second == first

    def test_overwriting_begins_with_nothing(self, ended, tmp_path):
        out = shutil.copytree(ended[1], tmp_path / "out")
        with open_run(str(out), EngineOptions(), begin=True, overwrite=True):
            assert [path.name for path in out.iterdir()] == [".lock"]

    @pytest.mark.parametrize(
        ("arguments", "line"),
        [
            (
                ["{out}/downloads", "--image-size", "9"],
                "--image-size needs a list of urls as INPUT",
            ),
            (["{list}", "{out}/downloads"], "{list} has urls and {out}/downloads has not: give"),
            (["{list}", "--image-size", "9"], "{out}/downloads was downloaded with --image-size"),
            (["{plain}"], "{plain} has no captions: name a --caption-col"),
        ],
    )
    def test_what_cannot_be_meant_is_one_line_and_exit_2(self, ended, tmp_path, arguments, line):
        out = ended[1]
        (tmp_path / "plain.csv").write_text("url\nu\n")
        places = {"out": out, "list": out.parent / "urls.parquet", "plain": tmp_path / "plain.csv"}
        given = [argument.format(**places) for argument in arguments]
        answer = call("run", *given, "--out", out, "--where", "score > 0.2")
        assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert answer.err.startswith(f"evenpair: {line.format(**places)}")


def test_another_engine_gives_the_same_bytes(server, tmp_path):
    with serve_prism(tmp_path / "log") as endpoint:
        path = write_list(tmp_path / "urls.parquet", [f"{server.url}/{n}.jpg" for n in range(4)])
        options = ("--number-sample-per-shard", 2, "--runner", "portable")
        command = ("download", "urls.parquet", "--out", "out", *options, "--job-endpoint", endpoint)
        answer = spawn(*command, cwd=tmp_path)
    assert (answer.status, answer.err) == (0, "")
    fetch(path, tmp_path / "here", number_sample_per_shard=2)
    elsewhere, here = (tree_bytes(tmp_path / name) for name in ("out", "here"))
    shards = [f"{number:05d}.{end}" for number in range(2) for end in ("parquet", "tar")]
    assert [elsewhere[name] for name in shards] == [here[name] for name in shards]
    others = {".download", ".lock", "00000_stats.json", "00001_stats.json"}
    assert set(elsewhere) == {*shards, *others}
