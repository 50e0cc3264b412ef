"""UrlShard -> one finished shard of images, whole or not at all."""

import json
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.compute as pc

from ...storage import files, parquet
from .load_img2dataset import load_img2dataset
from .polite_opener import Limits, polite_opener
from .write_in_key_order import in_key_order

SHARD_DIGITS = 5
_WRITERS = {"webdataset": "WebDatasetSampleWriter", "parquet": "ParquetSampleWriter"}
_ENDINGS = (".tar", ".parquet", "_stats.json")
"""In the order of writing: a shard that has its statistics is whole."""


@dataclass(frozen=True, slots=True)
class UrlShard:
    """The urls of one shard: its number, and the table that img2dataset's reader wrote."""

    number: int
    urls: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """How images are fetched and written."""

    layout: str
    resizer: Mapping[str, Any]
    """Arguments of img2dataset's ``Resizer``."""
    downloader: Mapping[str, Any]
    """Arguments of img2dataset's ``Downloader``."""
    limits: Limits


def download_shard(shard: UrlShard, folder: str, settings: DownloadSettings) -> None:
    """Download one shard into ``folder``, unless it is there.

    Every attempt has a scratch folder of its own; the one that finishes second changes nothing.
    Raises what img2dataset raises, and ValueError if the table does not have every row.
    """
    name = f"{shard.number:0{SHARD_DIGITS}d}"
    statistics = f"{folder}/{name}{_ENDINGS[-1]}"
    if files.exists(statistics):
        return
    urllib.request.install_opener(polite_opener(settings.limits))
    with files.scratch_folder(f"{folder}/{name}") as scratch:
        urls = f"{scratch}/{name}.feather"  # a copy, because the downloader removes it
        Path(urls).write_bytes(files.read_bytes(shard.urls))
        _downloader(shard, scratch, settings).download_shard((shard.number, urls))
        _require_every_row(f"{scratch}/{name}")
        if files.exists(statistics):
            return
        for ending in _ENDINGS:
            with suppress(FileNotFoundError):  # shards in tables have no archive
                files.move_in(f"{scratch}/{name}{ending}", f"{folder}/{name}{ending}")


def _downloader(shard: UrlShard, folder: str, settings: DownloadSettings) -> Any:  # noqa: ANN401 - no types
    package = load_img2dataset()
    return package.downloader.Downloader(
        sample_writer_class=in_key_order(getattr(package.writer, _WRITERS[settings.layout])),
        resizer=package.resizer.Resizer(**settings.resizer),
        output_folder=folder,
        column_list=list(shard.columns),
        oom_shard_count=SHARD_DIGITS,
        extract_exif=True,
        **settings.downloader,
    )


def _require_every_row(path: str) -> None:
    """Raise ValueError unless the table has the rows and successes that the statistics count.

    img2dataset counts a sample that it fails to write, prints the error and goes on.
    """
    statistics = json.loads(files.read_bytes(f"{path}_stats.json"))
    statuses = parquet.read_table(f"{path}.parquet", ["status"])["status"]
    successes = pc.sum(pc.equal(statuses, "success")).as_py() or 0
    if (len(statuses), successes) != (statistics["count"], statistics["successes"]):
        raise ValueError(
            f"the statistics count {statistics['count']} urls and {statistics['successes']} "
            f"images, the table has {len(statuses)} and {successes}"
        )


class _Download(beam.DoFn):
    def __init__(self, folder: str, settings: DownloadSettings) -> None:
        self._folder = folder
        self._settings = settings

    def setup(self) -> None:
        load_img2dataset()

    def process(self, shard: UrlShard) -> Iterable[tuple[int, str]]:
        try:
            download_shard(shard, self._folder, self._settings)
        except Exception as error:  # img2dataset may raise anything; other shards may succeed
            yield shard.number, f"{type(error).__name__}: {' '.join(str(error).split())}"


@dataclass
class DownloadShards(beam.PTransform):
    """UrlShard -> (number, message) of each shard that failed as a whole."""

    folder: str
    settings: DownloadSettings

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        return shards | beam.ParDo(_Download(self.folder, self.settings))
