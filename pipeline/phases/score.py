"""The first phase: captions -> facts, statistics and scores. No image byte is read."""

from collections.abc import Sequence
from dataclasses import asdict

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.tables import SOURCES
from ...storage import parquet
from ...transforms.facts.find_facts import FindFacts
from ...transforms.information.count_facts import CountFacts
from ...transforms.information.keep_statistics import PRIOR, keep_table, with_level
from ...transforms.information.mark_sparse import MarkSparse
from ...transforms.information.measure_information import MeasureInformation
from ...transforms.information.sum_events import SumEvents
from ...transforms.read.read_captions import ReadCaptions
from ...transforms.spread import Spread
from ...transforms.units import ALL, KeepUnits, LoadUnits
from ..options.phase_options import ScoreOptions
from ..runs.resume import split_finished
from ..runs.run import Run
from ..runs.work import Work, pairs_of
from .prepare import Prepared


def score(run: Run, sources: list[Source], options: ScoreOptions, prepared: Prepared) -> None:
    """Score ``sources`` into ``run``; units that are scored already are skipped.

    With prepared statistics the run is measured by these instead of its own.
    """
    if run.is_started and run.sources() != sources:
        run.invalidate(*Phase)
    if run.is_current(Phase.SCORE, options):
        return
    if run.begin(Phase.SCORE, options):
        keep_sources(run.directory, sources)
        if prepared.statistics is not None:
            table = with_level(prepared.statistics, options.full_level)
            keep_table(table, run.directory.statistics)
    build = build_score if prepared.statistics is None else build_score_by
    pairs = map(pairs_of, sources)
    work = Work(Phase.SCORE, len(sources), run.directory, pairs, sources=sources)
    run.execute(lambda root: build(root, sources, run.directory, options), work)
    run.finish(Phase.SCORE)


def keep_sources(run_dir: RunDirectory, sources: Sequence[Source]) -> None:
    """Write the table of the run's source shards, which every later phase reads."""
    rows = [asdict(source) for source in sources]
    parquet.write_table(run_dir.sources, pa.Table.from_pylist(rows, schema=SOURCES))


def build_score(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, options: ScoreOptions
) -> None:
    """Wire the phase: every caption is parsed once, then measured by the whole corpus.

    A table is loaded only after the side input that says that all of them are written.
    """
    finished, pending = split_finished(sources, run_dir, RunTable.PARSED)
    spilled = run_dir.scratch("counted")
    parsed = (
        root
        | "Sources" >> Spread(pending)
        | "Read captions" >> ReadCaptions(options.caption_field, options.caption_choice)
        | "Find facts" >> FindFacts(options.parser or None)
        | "Keep facts" >> KeepUnits(run_dir, RunTable.PARSED)
    )
    earlier = root | "Load earlier facts" >> LoadUnits(finished, run_dir, RunTable.PARSED)
    counted = parsed | "Count facts" >> CountFacts(spilled)
    counted_earlier = earlier | "Count earlier facts" >> CountFacts(spilled)
    counts = (
        (counted, counted_earlier)
        | "All counts" >> beam.Flatten()
        | "Sum events"
        >> SumEvents(
            prior=PRIOR, path=run_dir.statistics, folder=spilled, full_level=options.full_level
        )
    )
    _ = (
        root
        | "Load facts" >> LoadUnits(ALL, run_dir, RunTable.PARSED, after=AsSingleton(counts))
        | "Measure information" >> MeasureInformation(run_dir.statistics)
        | "Mark sparse" >> MarkSparse(run_dir.statistics, options.enrich_below)
        | "Keep scores" >> KeepUnits(run_dir, RunTable.SCORES)
    )


def build_score_by(
    root: beam.Pipeline, sources: Sequence[Source], run_dir: RunDirectory, options: ScoreOptions
) -> None:
    """Wire the phase for the statistics of another run: one pass, nothing is counted."""
    _, pending = split_finished(sources, run_dir, RunTable.SCORES)
    _ = (
        root
        | "Sources" >> Spread(pending)
        | "Read captions" >> ReadCaptions(options.caption_field, options.caption_choice)
        | "Find facts" >> FindFacts(options.parser or None)
        | "Measure information" >> MeasureInformation(run_dir.statistics)
        | "Mark sparse" >> MarkSparse(run_dir.statistics, options.enrich_below)
        | "Keep scores" >> KeepUnits(run_dir, RunTable.SCORES)
    )
