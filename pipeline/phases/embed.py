"""The end of the second phase: images and captions -> vectors, and how alike they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import apache_beam as beam

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.embed.compare_images import CompareImages
from ...transforms.embed.embed_pairs import EmbedPairs
from ...transforms.embed.encoder import EncodedBy, Encodes, LoadEncoder
from ...transforms.embed.keep_vectors import SettleVectors
from ...transforms.spread import Spread
from ...transforms.units import KeepUnits
from ..runs.work import Step


@dataclass(frozen=True, slots=True)
class Encoding:
    """One encoder of a run: who it is, and how it is loaded."""

    by: EncodedBy
    load: LoadEncoder

    @property
    def step(self) -> Step:
        """What is shown of it."""
        return Step(f"embed for {self.by.encodes.value}", self.by.table.folder, gathers=True)


def build_embed(
    root: beam.Pipeline,
    sources: Sequence[Source],
    run_dir: RunDirectory,
    encodings: Sequence[Encoding],
    stamps: Mapping[str, str],
    lanes: int,
) -> None:
    """Wire the end of the phase: encoders read the images and captions of a shard, lane by lane.

    The table of its vectors comes last: where that is, with the shard's stamp, all is done.
    """
    for encoding in encodings:
        name = encoding.by.encodes.value
        embedded = (
            root
            | f"Sources for {name}" >> Spread(sources, lanes)
            | f"Embed for {name}" >> EmbedPairs(run_dir, encoding.load, encoding.by)
        )
        if encoding.by.encodes is Encodes.BOTH:
            embedded = (
                embedded
                | "Compare images" >> CompareImages(run_dir, encoding.by)
                | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS)
                | "Their sources" >> beam.Map(lambda unit: unit.source)
            )
        _ = embedded | f"Settle {name}" >> SettleVectors(run_dir, encoding.by, stamps)
