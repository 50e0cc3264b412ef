"""The second phase without a captioner: captions from elsewhere -> those of the run's pairs."""

from collections.abc import Sequence

import apache_beam as beam

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.enrich.find_generated_facts import FindGeneratedFacts
from ...transforms.join.gather_given_captions import GatherGivenCaptions
from ...transforms.join.match_given_captions import MatchGivenCaptions, places_of_pairs
from ...transforms.join.read_given_captions import GivenFile
from ...transforms.join.sort_given_captions import KeepPieces, SortPieces
from ...transforms.spread import Spread
from ...transforms.units import KeepUnits, LoadUnits

COUNTS = "joined.json"


def build_join(
    root: beam.Pipeline,
    sources: Sequence[Source],
    todo: Sequence[Source],
    run_dir: RunDirectory,
    caption_files: Sequence[GivenFile],
    parser: str | None,
    stamp: str,
) -> None:
    """Wire the phase: all pairs of ``sources`` look for their captions, those of ``todo`` are kept.

    What is shuffled are fingerprints and places; captions go from file to file, sorted by source.
    """
    on = caption_files[0].on
    pairs = (
        root
        | "Load scores" >> LoadUnits(sources, run_dir, RunTable.SCORES, [on])
        | "Find pairs" >> beam.Map(places_of_pairs, on)
    )
    given = root | "Files" >> Spread(caption_files) | "Read captions" >> KeepPieces(run_dir)
    _ = (
        (pairs, given)
        | "Both sides" >> beam.Flatten()
        | "Match" >> MatchGivenCaptions(run_dir.scratch(COUNTS))
        | "Sort by source" >> SortPieces(run_dir)
        | "Gather captions" >> GatherGivenCaptions(run_dir, todo)
        | "Find facts" >> FindGeneratedFacts(parser, run_dir.statistics)
        | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS, stamp)
    )
