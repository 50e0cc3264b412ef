"""The fourth phase: the images of chosen pairs -> shards that training reads."""

from collections.abc import Sequence

import apache_beam as beam

from ...schemas.run_directory import RunDirectory
from ...transforms.embed.encoder import EncodedBy, Encodes
from ...transforms.select.plan_shards import OutputShard
from ...transforms.spread import Spread
from ...transforms.write.write_shards import WEBDATASET, ShardFormat, WriteShards
from ..options.options import WriteOptions
from ..runs.faults import keep_fault


def build_write(
    root: beam.Pipeline, shards: Sequence[OutputShard], run_dir: RunDirectory, form: ShardFormat
) -> None:
    """Wire the phase: one element is one output shard, and nothing is shuffled."""
    _ = (
        root
        | "Shards" >> Spread(shards)
        | "Write shards" >> WriteShards(run_dir, form)
        | "Keep faults" >> beam.Map(keep_fault, run_dir)
    )


def shard_format(options: WriteOptions, encoders: Sequence[EncodedBy]) -> ShardFormat:
    """Return how the options have shards written; the vectors of ``encoders`` go into archives."""
    written = tuple(by for by in encoders if by.encodes is not Encodes.BOTH)
    is_archive = options.format == WEBDATASET
    return ShardFormat(options.format, options.check_images, written if is_archive else ())
