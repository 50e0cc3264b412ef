"""The second phase: the images of sparse pairs -> captions and what they state."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.captioners.captioner import Asked, LoadCaptioner
from ...transforms.enrich.caption_budget import Budget
from ...transforms.enrich.caption_images import CaptionImages
from ...transforms.enrich.choose_sparse import ChooseSparse
from ...transforms.enrich.find_generated_facts import FindGeneratedFacts
from ...transforms.enrich.gather_captions import GatherCaptions
from ...transforms.enrich.reference_sample import COLUMNS, NONE, SampleReferences
from ...transforms.spread import Respread, Spread
from ...transforms.units import KeepUnits, LoadUnits, load_unit
from ..runs.work import Hints


@dataclass(frozen=True, slots=True)
class Captioning:
    """Who captions, and what: by so many models at the same time, and no more than allowed.

    ``sample`` pairs are captioned whatever they say, of the sparse ones as many as ``budget`` has.
    ``hints`` are what the step that captions, and no other, asks of the machines that it runs on.
    """

    asked: Asked
    load: LoadCaptioner
    lanes: int
    sample: int = 0
    budget: Budget | None = None
    hints: Hints = field(default_factory=dict)


def build_enrich(
    root: beam.Pipeline,
    sources: Sequence[Source],
    run_dir: RunDirectory,
    captioning: Captioning,
    parser: str | None,
    stamp: str,
    sampled: Sequence[Source],
) -> None:
    """Wire the phase: models caption, lane by lane, then all workers read the captions.

    What a model answers is kept as it comes, the captions of a shard as soon as it is done. The
    random sample of references is drawn from all of ``sampled``, whichever are still to be done.
    """
    asked, budget = captioning.asked, captioning.budget
    last = _find_last(root, sampled, run_dir, captioning.sample)
    caption_images = CaptionImages(run_dir, captioning.load, asked).with_resource_hints(
        **captioning.hints
    )
    captioned = (
        root
        | "Sources" >> Spread(sources, captioning.lanes)
        | "Load scores" >> beam.Map(load_unit, run_dir, RunTable.SCORES)
        | "Choose sparse" >> ChooseSparse(last, budget)
        | "Caption images" >> caption_images
    )
    _ = (
        captioned
        | "Spread again" >> Respread()
        | "Load scores again" >> beam.Map(load_unit, run_dir, RunTable.SCORES)
        | "Choose again" >> ChooseSparse(last, budget)
        | "Gather captions" >> GatherCaptions(run_dir, asked)
        | "Find facts" >> FindGeneratedFacts(parser, run_dir.statistics)
        | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS, stamp)
    )


def _find_last(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, count: int
) -> AsSingleton | int:
    """Return the last hash of the random sample of references, of all sources together."""
    if not count:
        return NONE
    uids = root | "Load uids" >> LoadUnits(sources, run_dir, RunTable.SCORES, COLUMNS)
    return AsSingleton(uids | "Sample references" >> SampleReferences(count))
