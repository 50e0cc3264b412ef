"""The fourth phase: the images of chosen pairs -> shards that training reads."""

from collections.abc import Sequence

import apache_beam as beam

from ...schemas.errors import EvenpairError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ...transforms.embed.encoder import EncodedBy, Encodes
from ...transforms.select.plan_shards import OutputShard, load_plan
from ...transforms.spread import Spread
from ...transforms.write.write_shards import (
    WEBDATASET,
    ShardFormat,
    WriteShards,
    is_written,
    write_sizes,
)
from ..options.phase_options import WriteOptions
from ..runs.faults import forget_faults, keep_fault, kept_faults
from ..runs.run import Run
from ..runs.work import Work


def write(run: Run, options: WriteOptions) -> None:
    """Write the shards of ``run``; shards that are whole already are skipped.

    Raises EvenpairError, a line for each, for shards that cannot be written.
    """
    run.require(Phase.SELECT)
    if run.is_current(Phase.WRITE, options):
        return
    if run.begin(Phase.WRITE, options):
        forget_faults(run.directory)
    sources = run.sources()
    shards = load_plan(sources, run.directory.plan)
    form = shard_format(options, run.record.embedded or ())
    written = files.each(lambda shard: is_written(shard, run.directory, form), shards)
    pending = [shard for shard, done in zip(shards, written, strict=True) if not done]
    pairs = (shard.pairs for shard in pending)
    work = Work(Phase.WRITE, len(pending), run.directory, pairs, sources=sources)
    run.execute(lambda root: build_write(root, pending, run.directory, form), work)
    if faults := kept_faults(run.directory):
        raise EvenpairError("\n".join(faults))
    if form.layout == WEBDATASET:
        write_sizes(shards, run.directory)
    run.finish(Phase.WRITE)


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
    """Return the format of the shards; vectors of ``encoders`` are written into archives only."""
    written = tuple(by for by in encoders if by.encodes is not Encodes.BOTH)
    is_archive = options.format == WEBDATASET
    return ShardFormat(options.format, options.check_images, written if is_archive else ())
