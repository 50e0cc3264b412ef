"""The fourth phase: the images of chosen pairs -> shards that training reads."""

from collections.abc import Sequence

import apache_beam as beam

from ...schemas.errors import EvenpairError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ...transforms.embed.encoder import EncoderId, Modality
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
from ..runs.output import begin_shards, complete_swap, finish_shards
from ..runs.run import Run
from ..runs.work import Step, Work


def write(run: Run, options: WriteOptions) -> None:
    """Write the shards of ``run``; shards that are whole already are skipped.

    Finished shards of an earlier selection stay in place until all new ones are whole. Raises
    EvenpairError, a line for each, for shards that cannot be written.
    """
    run.require(Phase.SELECT)
    if run.is_current(Phase.WRITE, options) or complete_swap(run):
        return
    if run.begin(Phase.WRITE, options):
        forget_faults(run.directory)
    run_dir = begin_shards(run)
    sources = run.sources()
    shards = load_plan(sources, run_dir.plan)
    form = shard_format(options, run.record.embedded or ())
    written = files.each(lambda shard: is_written(shard, run_dir, form), shards)
    pending = [shard for shard, done in zip(shards, written, strict=True) if not done]
    pairs = (shard.pairs for shard in pending)
    steps = (Step("write", run_dir.shards_folder),)
    work = Work(Phase.WRITE, len(pending), run_dir, pairs, steps, sources=sources)
    run.execute(lambda root: build_write(root, pending, run_dir, form), work)
    if faults := kept_faults(run_dir):
        raise EvenpairError("\n".join(faults))
    if form.layout == WEBDATASET:
        write_sizes(shards, run_dir)
    finish_shards(run)
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


def shard_format(options: WriteOptions, encoders: Sequence[EncoderId]) -> ShardFormat:
    """Return the format of the shards; vectors of ``encoders`` are written into archives only."""
    written = tuple(e for e in encoders if e.encodes is not Modality.BOTH)
    is_archive = options.format == WEBDATASET
    return ShardFormat(options.format, options.check_images, written if is_archive else ())
