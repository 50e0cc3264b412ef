"""The first phase: captions -> facts, statistics and scores. No image byte is read."""

from collections.abc import Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.facts.find_facts import FindFacts
from ...transforms.information.count_facts import CountFacts
from ...transforms.information.full_level import EstimateFullLevel
from ...transforms.information.keep_statistics import PRIOR
from ...transforms.information.mark_sparse import MarkSparse
from ...transforms.information.measure_information import MeasureInformation
from ...transforms.information.sum_events import SumEvents
from ...transforms.read.read_captions import ReadCaptions
from ...transforms.spread import Spread
from ...transforms.units import ALL, KeepUnits, LoadUnits
from ..options.options import ScoreOptions
from ..runs.resume import split_finished

COUNTED = "counted"
COUNTS = "counts.parquet"


def build_score(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, options: ScoreOptions
) -> None:
    """Wire the phase: every caption is parsed once, then measured by all of them together.

    A table is loaded after what says that all of them are there; what else it needs is a path.
    """
    finished, pending = split_finished(sources, run_dir, RunTable.PARSED)
    parsed = (
        root
        | "Sources" >> Spread(pending)
        | "Read captions" >> ReadCaptions(options.caption_field)
        | "Find facts" >> FindFacts(options.parser or None)
        | "Keep facts" >> KeepUnits(run_dir, RunTable.PARSED)
    )
    earlier = root | "Load earlier facts" >> LoadUnits(finished, run_dir, RunTable.PARSED)
    counted = parsed | "Count facts" >> CountFacts(run_dir.scratch(COUNTED))
    counted_earlier = earlier | "Count earlier facts" >> CountFacts(run_dir.scratch(COUNTED))
    counts = (
        (counted, counted_earlier)
        | "All counts" >> beam.Flatten()
        | "Sum events" >> SumEvents(PRIOR, run_dir.scratch(COUNTS), run_dir.scratch(COUNTED))
    )
    measured = (
        root
        | "Load facts" >> LoadUnits(ALL, run_dir, RunTable.PARSED, after=AsSingleton(counts))
        | "Measure information" >> MeasureInformation(run_dir.scratch(COUNTS))
        | "Keep bits" >> KeepUnits(run_dir, RunTable.MEASURED)
    )
    statistics = measured | "Estimate full level" >> EstimateFullLevel(
        AsSingleton(counts), run_dir.statistics
    )
    _ = (
        root
        | "Load bits" >> LoadUnits(ALL, run_dir, RunTable.MEASURED, after=AsSingleton(statistics))
        | "Mark sparse" >> MarkSparse(run_dir.statistics, options.enrich_below)
        | "Keep scores" >> KeepUnits(run_dir, RunTable.SCORES)
    )


def build_score_by(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, options: ScoreOptions
) -> None:
    """Wire the phase for statistics that are given: one pass, nothing is counted."""
    _, pending = split_finished(sources, run_dir, RunTable.SCORES)
    _ = (
        root
        | "Sources" >> Spread(pending)
        | "Read captions" >> ReadCaptions(options.caption_field)
        | "Find facts" >> FindFacts(options.parser or None)
        | "Measure information" >> MeasureInformation(run_dir.statistics)
        | "Mark sparse" >> MarkSparse(run_dir.statistics, options.enrich_below)
        | "Keep scores" >> KeepUnits(run_dir, RunTable.SCORES)
    )
