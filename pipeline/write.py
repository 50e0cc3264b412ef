"""The fourth phase: the images of chosen pairs -> shards that training reads."""

from collections.abc import Sequence

import apache_beam as beam

from ..schemas.run_directory import RunDirectory
from ..transforms import storage
from ..transforms.plan_shards import OutputShard
from ..transforms.spread import Spread
from ..transforms.write_shards import ShardFormat, WriteShards
from .options import WriteOptions

_FAULTS = "work/faults"


def build_write(
    root: beam.Pipeline, shards: Sequence[OutputShard], run: RunDirectory, options: WriteOptions
) -> None:
    """Wire the phase: one element is one output shard, and nothing is shuffled."""
    _ = (
        root
        | "Shards" >> Spread(shards)
        | "Write shards" >> WriteShards(run, shard_format(options))
        | "Keep faults" >> beam.Map(_keep_fault, run)
    )


def shard_format(options: WriteOptions) -> ShardFormat:
    """Return how the options have shards written."""
    return ShardFormat(options.format, options.check_images)


def write_faults(run: RunDirectory) -> list[str]:
    """Return a line for each shard that could not be written."""
    paths = storage.find_in(run.path(_FAULTS), "*")
    return [storage.read_bytes(path).decode() for path in paths]


def forget_write_faults(run: RunDirectory) -> None:
    """Remove what an earlier attempt left."""
    storage.remove(run.path(_FAULTS))


def _keep_fault(fault: tuple[int, str], run: RunDirectory) -> None:
    number, said = fault
    line = f"shard {number:05d} is not written: {said}"
    storage.write_bytes(run.path(_FAULTS, f"{number:05d}"), line.encode())
