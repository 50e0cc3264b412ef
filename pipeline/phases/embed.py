"""The end of the second phase: images and captions -> vectors, and their similarity."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import apache_beam as beam

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.embed.compare_images import CompareImages
from ...transforms.embed.embed_pairs import EmbedPairs
from ...transforms.embed.encoder import Modality
from ...transforms.embed.keep_vectors import SettleVectors
from ...transforms.spread import Spread
from ...transforms.units import KeepUnits
from ..options.captioning_options import EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.resume import digest, enrich_stamp, stamp_of
from ..runs.run import Run
from ..runs.work import Work
from .encoding import Encoding


def embed(
    run: Run, options: EnrichOptions, encodings: Sequence[Encoding], part: Part = WHOLE
) -> int:
    """Embed the pairs of ``run``; vectors that the same encoders have made are kept.

    Returns how many shards are left to other parts.
    """
    run.require(Phase.SCORE)
    encoders = tuple(encoding.encoder_id for encoding in encodings)
    if not encoders or run.record.embedded == encoders:
        return 0
    run.save(encoders=encoders)
    sources, run_dir = run.sources(), run.directory
    stamps = _stamps(run, options, encodings)

    def is_finished(source: Source) -> bool:
        stamp = stamps[source.name]
        return all(stamp_of(run_dir, source, e.table) == stamp for e in encoders)

    pending = [source for source in part.of(sources) if not is_finished(source)]
    if pending:
        run.invalidate(Phase.SELECT, Phase.WRITE)
        lanes = run.models or len(pending)
        steps = [encoding.step for encoding in encodings]
        work = Work(Phase.ENRICH, len(pending), run_dir, steps=steps, sources=pending)
        run.execute(
            lambda root: build_embed(
                root, run_dir, encodings, pending=pending, stamps=stamps, lanes=lanes
            ),
            work,
        )
    left = 0 if part.is_whole else sum(not is_finished(source) for source in sources)
    if not left:
        run.save(embedded=encoders)
    return left


def _stamps(run: Run, options: EnrichOptions, encodings: Sequence[Encoding]) -> dict[str, str]:
    """Return the stamp of each source's vectors, by its name; its captions are part of it."""
    origin = {"encoders": [asdict(encoding.encoder_id) for encoding in encodings]}
    stamp = enrich_stamp(run, options, origin)
    captions = {s.name: stamp_of(run.directory, s, RunTable.CAPTIONS) for s in run.sources()}
    return {name: digest([stamp, of_captions]) for name, of_captions in captions.items()}


def build_embed(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    encodings: Sequence[Encoding],
    *,
    pending: Sequence[Source],
    stamps: Mapping[str, str],
    lanes: int,
) -> None:
    """Wire the end of the phase: encoders read the images and captions of a shard, lane by lane.

    The table of a shard's vectors is written last: with the right stamp, all of it is finished.
    """
    for encoding in encodings:
        name = encoding.encoder_id.encodes.value
        embedded = (
            root
            | f"Sources for {name}" >> Spread(pending, lanes)
            | f"Embed for {name}" >> EmbedPairs(run_dir, encoding.load, encoding.encoder_id)
        )
        if encoding.encoder_id.encodes is Modality.BOTH:
            embedded = (
                embedded
                | "Compare images" >> CompareImages(run_dir, encoding.encoder_id)
                | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS)
                | "Their sources" >> beam.Map(lambda unit: unit.source)
            )
        _ = embedded | f"Settle {name}" >> SettleVectors(run_dir, encoding.encoder_id, stamps)
