"""OutputShard -> one finished shard: images, parquet and statistics, whole or not at all."""

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
from ...storage import files
from ..embed.encoder import EncodedBy
from ..select.plan_shards import OutputShard
from .choose_pairs import Choice
from .image_spool import ImageSpool
from .tar_sink import TarSink

WEBDATASET = "webdataset"
PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class ShardFormat:
    """How shards are written: as archives or as tables, every image decoded or not.

    Samples of archives have the vectors of ``encoders`` too.
    """

    layout: str = WEBDATASET
    check_images: bool = False
    encoders: tuple[EncodedBy, ...] = ()


def write_shard(planned: OutputShard, run_dir: RunDirectory, form: ShardFormat) -> int:
    """Write one shard and return the number of its samples.

    The statistics come last: where they are, the shard is whole.
    """
    path = shard_path(run_dir, planned.number)
    choice = Choice(run_dir, planned.number, form.check_images, form.encoders)
    if form.layout == PARQUET:
        _write_table(path, planned, choice)
    else:
        _write_archive(path, planned, choice)
    samples = choice.written.total()
    files.write_bytes(f"{path}_stats.json", _statistics(samples))
    return samples


def shard_path(run_dir: RunDirectory, number: int) -> str:
    """Return the path of an output shard, without an extension."""
    return f"{run_dir.shards}/{number:05d}"


def is_written(planned: OutputShard, run_dir: RunDirectory, form: ShardFormat) -> bool:
    """Return whether a shard is finished, and has the size that it was finished with."""
    path = shard_path(run_dir, planned.number)
    if not files.exists(f"{path}_stats.json"):
        return False
    try:
        size = shard_tally(files.read_schema(f"{path}.parquet")).archive_bytes
        return form.layout == PARQUET or files.size_of(f"{path}.tar") == size
    except (OSError, ValueError):
        return False


def write_sizes(shards: Iterable[OutputShard], run_dir: RunDirectory) -> None:
    """Write ``sizes.json``, from which open_clip knows how many samples each archive has."""
    paths = [shard_path(run_dir, shard.number) for shard in shards]
    statistics = files.each(files.read_bytes, [f"{path}_stats.json" for path in paths])
    sizes = {
        f"{posixpath.basename(path)}.tar": json.loads(said)["successes"]
        for path, said in zip(paths, statistics, strict=True)
    }
    files.write_bytes(f"{run_dir.shards}/sizes.json", json.dumps(sizes, indent=4).encode())


def _write_archive(path: str, planned: OutputShard, choice: Choice) -> None:
    """Write the archive, its members in the order of their names, and the table beside it."""
    with files.write_whole(f"{path}.tar") as file:
        sink = TarSink(file)
        for piece in planned.pieces:
            for pair in choice.pairs_of(piece):
                for name, payload in sorted(pair.members.items()):
                    sink.add(f"{pair.key}.{name}", payload)
        size = sink.finish()
    table = shard_table(choice.tables)
    _keep_rejections(planned, choice)
    tally = ShardTally(dict(choice.written), dict(choice.left_out), size)
    files.write_table(f"{path}.parquet", with_shard_tally(table, tally))


def _write_table(path: str, planned: OutputShard, choice: Choice) -> None:
    """Write the table, with a column of images for each of their types."""
    with ImageSpool() as spool:
        for piece in planned.pieces:
            for pair in choice.pairs_of(piece):
                spool.add(pair.image_field, pair.members[pair.image_field])
        table = shard_table(choice.tables)
        _keep_rejections(planned, choice)
        tally = ShardTally(dict(choice.written), dict(choice.left_out))
        with files.write_whole(f"{path}.parquet") as file:
            spool.write_table(with_shard_tally(table, tally), file)


def _keep_rejections(planned: OutputShard, choice: Choice) -> None:
    path = choice.run_dir.rejections(Phase.WRITE, f"{planned.number:05d}")
    files.write_table(path, rejections_to_table(choice.rejections))


def _statistics(samples: int) -> bytes:
    """Return img2dataset's statistics of a shard; without times, so that bytes repeat."""
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

    def process(self, planned: OutputShard) -> Iterable[tuple[int, str]]:
        try:
            write_shard(planned, self._run_dir, self._form)
        except EvenpairError as error:  # a source is gone; other shards may not need it
            yield planned.number, str(error)


@dataclass
class WriteShards(beam.PTransform):
    """OutputShard -> (number, what is wrong) of each shard that could not be written."""

    run_dir: RunDirectory
    form: ShardFormat

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        return shards | beam.ParDo(_Write(self.run_dir, self.form))
