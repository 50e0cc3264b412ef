"""UrlShard -> one finished shard of images, by img2dataset's downloader, whole or not at all."""

import json
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.compute as pc

from ...storage import files
from .load_img2dataset import load_img2dataset
from .polite_opener import Limits, polite_opener
from .write_in_key_order import in_key_order

SHARD_DIGITS = 5
_WRITERS = {"webdataset": "WebDatasetSampleWriter", "parquet": "ParquetSampleWriter"}
_ENDINGS = (".tar", ".parquet", "_stats.json")
"""In the order in which files appear: where the statistics are, the shard is whole."""


@dataclass(frozen=True, slots=True)
class UrlShard:
    """The urls of one shard: its number, and the table in which img2dataset's reader put them."""

    number: int
    urls: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Downloading:
    """How images are asked for and kept: mostly arguments of img2dataset, by its own names."""

    layout: str
    resizer: Mapping[str, Any]
    downloader: Mapping[str, Any]
    limits: Limits


def download_shard(shard: UrlShard, folder: str, how: Downloading) -> None:
    """Download one shard into ``folder``, unless that is done.

    It is made in a folder of this attempt's own: of two attempts, the second gives way. Raises what
    img2dataset raises, and ValueError if it lost a row on the way.
    """
    name = f"{shard.number:0{SHARD_DIGITS}d}"
    done = f"{folder}/{name}{_ENDINGS[-1]}"
    if files.exists(done):
        return
    urllib.request.install_opener(polite_opener(how.limits))
    with files.scratch_folder(f"{folder}/{name}") as scratch:
        urls = f"{scratch}/{name}.feather"  # a copy, for the downloader removes it
        Path(urls).write_bytes(files.read_bytes(shard.urls))
        _downloader(shard, scratch, how).download_shard((shard.number, urls))
        _require_every_row(f"{scratch}/{name}")
        if files.exists(done):
            return
        for ending in _ENDINGS:
            with suppress(FileNotFoundError):  # tables have no archive
                files.move_in(f"{scratch}/{name}{ending}", f"{folder}/{name}{ending}")


def _downloader(shard: UrlShard, folder: str, how: Downloading) -> Any:  # noqa: ANN401 - no types
    package = load_img2dataset()
    return package.downloader.Downloader(
        sample_writer_class=in_key_order(getattr(package.writer, _WRITERS[how.layout])),
        resizer=package.resizer.Resizer(**how.resizer),
        output_folder=folder,
        column_list=list(shard.columns),
        oom_shard_count=SHARD_DIGITS,
        extract_exif=True,
        **how.downloader,
    )


def _require_every_row(path: str) -> None:
    """Raise ValueError unless the table has as many rows and successes as were counted.

    img2dataset prints what goes wrong with a sample that it cannot keep, counts it and goes on.
    """
    counted = json.loads(files.read_bytes(f"{path}_stats.json"))
    statuses = files.read_table(f"{path}.parquet", ["status"])["status"]
    successes = pc.sum(pc.equal(statuses, "success")).as_py() or 0
    kept = (len(statuses), successes)
    if kept != (counted["count"], counted["successes"]):
        raise ValueError(
            f"of {counted['count']} urls and {counted['successes']} images, "
            f"{kept[0]} and {kept[1]} were kept"
        )


class _Download(beam.DoFn):
    def __init__(self, folder: str, how: Downloading) -> None:
        self._folder = folder
        self._how = how

    def setup(self) -> None:
        load_img2dataset()

    def process(self, shard: UrlShard) -> Iterable[tuple[int, str]]:
        try:
            download_shard(shard, self._folder, self._how)
        except Exception as error:  # img2dataset promises nothing; other shards may do better
            yield shard.number, f"{type(error).__name__}: {' '.join(str(error).split())}"


@dataclass
class DownloadShards(beam.PTransform):
    """UrlShard -> (number, what is wrong) of each shard that failed as a whole."""

    folder: str
    how: Downloading

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        return shards | beam.ParDo(_Download(self.folder, self.how))
