"""OutputShard -> one finished shard: images, table and statistics, whole or not at all."""

import json
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam

from ...schemas.errors import EvenpairError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.shard_tables import ShardTally, shard_table, shard_tally, with_shard_tally
from ...schemas.tables import rejections_to_table
from ...storage import files, parquet
from ..embed.encoder import EncoderId
from ..read.read_successes import read_successes
from ..select.plan_shards import OutputShard
from .image_spool import ImageSpool
from .shard_contents import ShardContents
from .tar_sink import TarSink

WEBDATASET = "webdataset"
PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class ShardFormat:
    """How shards are written."""

    layout: str = WEBDATASET
    """Archives, or tables with the images."""
    check_images: bool = False
    """Whether every image is decoded."""
    encoders: tuple[EncoderId, ...] = ()
    """Their vectors become members of the samples of archives."""


def write_shard(shard: OutputShard, run_dir: RunDirectory, form: ShardFormat) -> int:
    """Write one shard and return the number of its samples.

    The statistics are written last: a shard that has them is whole. Raises EvenpairError if a
    source cannot be read.
    """
    path = shard_path(run_dir, shard.number)
    contents = ShardContents(shard, run_dir, form.check_images, form.encoders)
    if form.layout == PARQUET:
        _write_table(path, contents)
    else:
        _write_archive(path, contents)
    samples = contents.written.total()
    files.write_bytes(f"{path}_stats.json", _statistics(samples))
    return samples


def shard_path(run_dir: RunDirectory, number: int) -> str:
    """Return the path of an output shard, without an extension."""
    return f"{run_dir.shards}/{number:05d}"


def is_written(shard: OutputShard, run_dir: RunDirectory, form: ShardFormat) -> bool:
    """Return whether a shard is finished, and its archive has the size that was recorded then."""
    path = shard_path(run_dir, shard.number)
    if not files.exists(f"{path}_stats.json"):
        return False
    try:
        size = shard_tally(parquet.read_schema(f"{path}.parquet")).archive_bytes
        return form.layout == PARQUET or files.size_of(f"{path}.tar") == size
    except (OSError, ValueError):
        return False


def write_sizes(shards: Iterable[OutputShard], run_dir: RunDirectory) -> None:
    """Write ``sizes.json``, in which open_clip reads the number of samples of each archive."""
    paths = [shard_path(run_dir, shard.number) for shard in shards]
    counts = files.each(read_successes, [f"{path}_stats.json" for path in paths])
    names = [f"{posixpath.basename(path)}.tar" for path in paths]
    sizes = dict(zip(names, counts, strict=True))
    files.write_bytes(f"{run_dir.shards}/sizes.json", json.dumps(sizes, indent=4).encode())


def _write_archive(path: str, contents: ShardContents) -> None:
    """Write the archive, the members of a sample in the order of their names, then its table."""
    with files.write_whole(f"{path}.tar") as file:
        sink = TarSink(file)
        for sample in contents.samples():
            for name, payload in sorted(sample.members.items()):
                sink.add(f"{sample.key}.{name}", payload)
        size = sink.finish()
    table = shard_table(contents.tables)
    _keep_rejections(contents)
    tally = _tally(contents, size)
    parquet.write_table(f"{path}.parquet", with_shard_tally(table, tally))


def _write_table(path: str, contents: ShardContents) -> None:
    """Write the table, with a column for each type of image."""
    with ImageSpool() as spool:
        for sample in contents.samples():
            spool.add(sample.image_field, sample.members[sample.image_field])
        table = shard_table(contents.tables)
        _keep_rejections(contents)
        tally = _tally(contents)
        with files.write_whole(f"{path}.parquet") as file:
            spool.write_table(with_shard_tally(table, tally), file)


def _tally(contents: ShardContents, archive_bytes: int | None = None) -> ShardTally:
    counts = dict(contents.written), dict(contents.left_out)
    return ShardTally(*counts, contents.damaged, archive_bytes)


def _keep_rejections(contents: ShardContents) -> None:
    path = contents.run_dir.rejections(Phase.WRITE, f"{contents.shard.number:05d}")
    parquet.write_table(path, rejections_to_table(contents.rejections))


def _statistics(samples: int) -> bytes:
    """Return img2dataset's statistics of a shard; all times are 0, so that runs repeat bytes."""
    statistics = {
        "count": samples,
        "successes": samples,
        "failed_to_download": 0,
        "failed_to_resize": 0,
        "duration": 0,
        "start_time": 0,
        "end_time": 0,
        "status_dict": {"success": samples},
    }
    return json.dumps(statistics, indent=4).encode()


class _Write(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, form: ShardFormat) -> None:
        self._run_dir = run_dir
        self._form = form

    def process(self, shard: OutputShard) -> Iterable[tuple[int, str]]:
        try:
            write_shard(shard, self._run_dir, self._form)
        except EvenpairError as error:  # other shards may not need the source that failed
            yield shard.number, str(error)


@dataclass
class WriteShards(beam.PTransform):
    """OutputShard -> (number, message) of each shard that could not be written."""

    run_dir: RunDirectory
    form: ShardFormat

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        return shards | beam.ParDo(_Write(self.run_dir, self.form))
