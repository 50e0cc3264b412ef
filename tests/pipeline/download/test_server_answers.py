"""Lists of urls become img2dataset's shards, whatever servers answer."""

import json
from hashlib import sha256

import pyarrow.parquet as pq
import pytest

from ...support.downloads import (
    ENDINGS,
    NEEDS_EXTRA,
    SUCCESS,
    fetch,
    rows,
    without_source_lines,
    write_list,
    write_numbers,
)
from ...support.image_server import serve_images
from ...support.shards import make_jpeg, read_tar

pytestmark = [pytest.mark.slow, NEEDS_EXTRA]

LIMITS = {"timeout": 2.5, "max_seconds": 3.0, "max_bytes": 100_000}
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
    """One shard with everything that a server can answer."""
    folder = tmp_path_factory.mktemp("answers")
    with serve_images() as server:
        urls = [f"{server.url}/{name}" for name in ANSWERS] + list(ELSEWHERE)
        path = write_list(folder / "urls.parquet", urls)
        options = {"min_image_size": 10, "max_aspect_ratio": 4, **LIMITS}
        fetch(path, folder / "out", **options)
    return server, folder / "out"


class TestAnswers:
    def test_every_url_has_a_status_and_a_message(self, downloaded):
        server, out = downloaded
        answers = {
            row["url"].removeprefix(f"{server.url}/"): (
                row["status"],
                without_source_lines(row["error_message"]),
            )
            for row in rows(out)
        }
        assert answers == ANSWERS | ELSEWHERE

    def test_the_statistics_count_statuses_and_messages(self, downloaded):
        _, out = downloaded
        statistics = json.loads((out / "00000_stats.json").read_text())
        answers = [*ANSWERS.values(), *ELSEWHERE.values()]
        messages = [error or "success" for _, error in answers]
        statuses = [status for status, _ in answers]
        counted = {
            without_source_lines(message): n for message, n in statistics["status_dict"].items()
        }
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
        assert len(kept) == 3

    def test_requests_carry_img2datasets_user_agent(self, downloaded):
        server, _ = downloaded
        (agent,) = server.agents
        assert "(compatible; img2dataset; +https://github.com/rom1504/img2dataset)" in agent

    def test_no_other_files_are_left(self, downloaded):
        _, out = downloaded
        expected = {".download", *(f"00000{end}" for end in ENDINGS)}
        assert {path.name for path in out.iterdir()} == expected


def test_headers_that_opt_out_can_be_ignored_or_address_another_agent(server, tmp_path):
    urls = [f"{server.url}/{name}" for name in ("for-no-ai", "not-for-us")]
    path = write_list(tmp_path / "urls.parquet", urls)
    fetch(path, tmp_path / "a", user_agent_token="mine")
    assert [row["status"] for row in rows(tmp_path / "a")] == ["failed_to_download", "success"]
    fetch(path, tmp_path / "b", disallowed_header_directives=())
    assert [row["status"] for row in rows(tmp_path / "b")] == ["success", "success"]


def test_a_host_gets_at_most_its_allowed_number_of_requests_at_a_time(tmp_path):
    with serve_images(seconds=lambda _: 0.05) as server:
        path = write_numbers(tmp_path / "urls.parquet", server.url, *range(12))
        fetch(path, tmp_path / "out", thread_count=12, requests_per_host=2)
    assert len(server.asked) == 12
    assert server.most_at_work <= 2


def test_the_order_of_answers_does_not_change_the_bytes(tmp_path):
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


def test_an_image_whose_hash_differs_is_not_kept(server, tmp_path):
    urls = [f"{server.url}/{number}.jpg" for number in (1, 2)]
    hashes = [sha256(make_jpeg(number, (40, 30))).hexdigest() for number in (1, 3)]
    path = write_list(tmp_path / "urls.parquet", urls, known=hashes)
    fetch(path, tmp_path / "out", verify_hash="known")
    answers = [(row["status"], row["error_message"]) for row in rows(tmp_path / "out")]
    assert answers == [SUCCESS, ("failed_to_download", "hash mismatch")]
