"""The second phase: the images of sparse pairs -> captions and what they state."""

from collections.abc import Sequence

import apache_beam as beam

from ..schemas.rejection import Phase
from ..schemas.run_directory import RunDirectory
from ..schemas.source import Source
from ..transforms.caption_images import CaptionImages
from ..transforms.captioner import LoadCaptioner
from ..transforms.choose_sparse import ChooseSparse
from ..transforms.find_generated_facts import FindGeneratedFacts
from ..transforms.keep_units import KeepUnits, LoadUnits
from .options import EnrichOptions


def build_enrich(
    root: beam.Pipeline,
    sources: Sequence[Source],
    run: RunDirectory,
    options: EnrichOptions,
    load: LoadCaptioner,
    parser: str | None,
    stamp: str,
) -> None:
    """Wire the phase: the captions of a shard are kept as soon as it is done."""
    _ = (
        root
        | "Load scores" >> LoadUnits(sources, run, "scores")
        | "Choose sparse" >> ChooseSparse()
        | "Caption images" >> CaptionImages(run, load, options.batch_size)
        | "Find facts" >> FindGeneratedFacts(parser, run.statistics)
        | "Keep captions" >> KeepUnits(run, "captions", Phase.ENRICH, stamp)
    )
