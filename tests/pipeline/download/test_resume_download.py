"""A download that was interrupted goes on; a finished one asks for nothing again."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from evenpair.pipeline.download.download import download_settings, plan_download
from evenpair.pipeline.download.shard_urls import shard_urls
from evenpair.pipeline.inputs.url_lists import find_url_lists
from evenpair.pipeline.options.download_options import DownloadOptions, FetchOptions
from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.cli.open_run import open_downloads
from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.transforms.download.download_shards import download_shard

from ...support.commands import call
from ...support.downloads import ENDINGS, NEEDS_EXTRA, TWO, fetch, rows, write_numbers
from ...support.messages import assert_refused, numbers_in, raises_naming
from ...support.shards import read_tar, tree_bytes

pytestmark = NEEDS_EXTRA


@pytest.fixture
def six(server, tmp_path):
    """A list of three shards of two images each."""
    return write_numbers(tmp_path / "urls.parquet", server.url, *range(6))


class TestResume:
    def test_finished_shards_are_not_downloaded_again(self, server, six, tmp_path):
        fetch(six, tmp_path / "out", **TWO)
        before = tree_bytes(tmp_path / "out")
        assert sorted(server.asked) == [f"{number}.jpg" for number in range(6)]
        fetch(six, tmp_path / "out", **TWO, thread_count=3)
        assert (len(server.asked), tree_bytes(tmp_path / "out")) == (6, before)

    def test_an_interrupted_shard_is_downloaded_again(self, server, six, tmp_path):
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
        assert changed == {"00001_stats.json"}  # it holds the times

    def test_a_folder_that_img2dataset_began_is_continued(self, server, six, tmp_path):
        for name in ("00000_stats.json", "sizes.json"):
            (tmp_path / name).write_text('{"count": 2, "successes": 2, "status_dict": {}}')
        answer = call("download", six, "--out", tmp_path, "--number-sample-per-shard", 2)
        assert_refused(answer, tmp_path)
        (tmp_path / "out").mkdir()
        (tmp_path / "00000_stats.json").rename(tmp_path / "out" / "00000_stats.json")
        fetch(six, tmp_path / "out", **TWO)
        assert sorted(server.asked) == [f"{number}.jpg" for number in range(2, 6)]

    def test_lists_can_be_added_later(self, server, tmp_path):
        folder, out = tmp_path / "lists", tmp_path / "out"
        folder.mkdir()
        write_numbers(folder / "0.parquet", server.url, 0, 1, 2)
        fetch(folder, out, **TWO)
        write_numbers(folder / "1.parquet", server.url, 3)
        fetch(folder, out, **TWO)
        assert server.asked[3:] == ["3.jpg"]
        assert [row["key"] for row in rows(out)] == ["000000", "000001", "000010", "000020"]

    def test_other_urls_or_options_are_refused(self, server, six, tmp_path):
        out = tmp_path / "out"
        fetch(six, out)
        with raises_naming(UsageError, out, "--image-size 256", "--image-size 64"):
            fetch(six, out, image_size=64)
        write_numbers(six, server.url, *range(9))
        with raises_naming(UsageError, out):
            fetch(six, out)

    def test_overwriting_starts_with_an_empty_folder(self, six, tmp_path):
        fetch(six, tmp_path / "out", **TWO)
        (tmp_path / "out" / "work").mkdir()
        lists = find_url_lists([str(six)])
        with open_downloads(str(tmp_path / "out"), EngineOptions(), lists, overwrite=True):
            assert [path.name for path in (tmp_path / "out").iterdir()] == [".lock"]

    @pytest.mark.filterwarnings("ignore")
    def test_two_attempts_at_the_same_shard_leave_one_whole_shard(self, six, tmp_path, monkeypatch):
        from img2dataset import resizer

        # It hides the output of the process, which two threads cannot do at the same time.
        monkeypatch.setattr(resizer, "SuppressStdoutStderr", nullcontext)
        fetching = FetchOptions(allow_private_addresses=True)
        plan = plan_download(find_url_lists([str(six)]), DownloadOptions(), fetching)
        urls = str(tmp_path / "urls")
        (shard,) = shard_urls(plan.lists, plan.columns, plan.options, set(), urls)
        out = tmp_path / "out"
        with ThreadPoolExecutor() as pool:
            attempts = [
                pool.submit(download_shard, shard, str(out), download_settings(plan))
                for _ in range(2)
            ]
        assert [attempt.exception() for attempt in attempts] == [None, None]
        assert {path.name for path in out.iterdir()} == {f"00000{end}" for end in ENDINGS}
        assert len(read_tar(out / "00000.tar")) == 18
        assert [row["status"] for row in rows(out)] == ["success"] * 6

    def test_a_shard_that_fails_is_named_after_the_others_are_done(self, six, tmp_path):
        out = tmp_path / "out"
        (out / "00001.tar").mkdir(parents=True)
        with raises_naming(EvenpairError, "00001", "IsADirectoryError"):
            fetch(six, out, **TWO)
        done = sorted(path.name for path in out.glob("*_stats.json"))
        assert done == ["00000_stats.json", "00002_stats.json"]
        (out / "00001.tar").rmdir()
        fetch(six, out, **TWO)
        assert [row["status"] for row in rows(out)] == ["success"] * 6
        assert not (out / "work").exists()

    def test_samples_that_img2dataset_loses_are_an_error(self, six, tmp_path, monkeypatch):
        from img2dataset.resizer import Resizer

        monkeypatch.setattr(Resizer, "__call__", lambda *_: 1 / 0)
        with raises_naming(EvenpairError) as raised:
            fetch(six, tmp_path / "out")
        assert numbers_in(str(raised.value))[-4:] == [6, 0, 0, 0]
