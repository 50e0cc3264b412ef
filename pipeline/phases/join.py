"""The second phase without a captioner: captions from elsewhere -> those of the run's pairs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files, parquet
from ...transforms.enrich.find_generated_facts import FindGeneratedFacts
from ...transforms.join.explain_join import COLUMNS, explain_join
from ...transforms.join.gather_joined_captions import GatherJoinedCaptions
from ...transforms.join.match_captions import MatchCaptions, places_of_pairs
from ...transforms.join.read_caption_file import CaptionFile, fields_of, read_caption_file
from ...transforms.join.sort_captions import KeepChunks, SortCaptions
from ...transforms.spread import Spread
from ...transforms.units import KeepUnits, LoadUnits
from ..inputs.caption_files import digest_files
from ..options.captioning_options import EnrichOptions
from ..runs.record import JoinRecord
from ..runs.resume import enrich_stamp, without_stamp
from ..runs.run import Run
from ..runs.work import Work
from .caption_faults import count_captions

_ALMOST_NONE = 0.05
_VALUES_COMPARED = 1_000


def join_captions(run: Run, options: EnrichOptions, caption_files: Sequence[CaptionFile]) -> None:
    """Give the pairs of ``run`` the captions of ``caption_files``; nothing is captioned.

    Raises UsageError if no caption finds its pair.
    """
    run.require(Phase.SCORE)
    content = digest_files(caption_files)
    joined = run.record.joined
    if run.is_current(Phase.ENRICH, options) and joined is not None and joined.files == content:
        return
    run.begin(Phase.ENRICH, options)
    files.remove(run.directory.work)
    sources, run_dir = run.sources(), run.directory
    stamp = enrich_stamp(run, options, {"files": content})
    pending = without_stamp(run_dir, sources, stamp)
    parser = run.record.options(Phase.SCORE)["parser"] or None
    counts_path = run_dir.scratch("joined.json")
    run.execute(
        lambda root: build_join(
            root,
            run_dir,
            caption_files,
            pending=pending,
            sources=sources,
            parser=parser,
            stamp=stamp,
            counts_path=counts_path,
        ),
        Work(Phase.ENRICH, len(sources), run_dir, files=[file.path for file in caption_files]),
    )
    joined = JoinRecord(content, **json.loads(files.read_bytes(counts_path)))
    hint = _explain(run, caption_files) if is_almost_none(joined) else ""
    if not joined.pairs_joined:
        option = f"--captions {options.captions} --join {options.join}"
        raise UsageError(f"{option}: not one caption found its pair: {hint}")
    run.save(joined=replace(joined, hint=hint), captioned=count_captions(run_dir, sources))
    run.finish(Phase.ENRICH)


def is_almost_none(joined: JoinRecord) -> bool:
    """Return whether both most pairs and most captions found no partner."""
    few_pairs = joined.pairs_joined <= _ALMOST_NONE * joined.pairs
    return few_pairs and joined.captions_joined <= _ALMOST_NONE * joined.captions


def joined_lines(joined: JoinRecord | None) -> Iterator[str]:
    """Yield how many pairs and captions from elsewhere found a partner, and how many did not."""
    if joined is None:
        return
    pairs, captions = joined.pairs, joined.captions
    with_caption, with_pair = joined.pairs_joined, joined.captions_joined
    without = pairs - with_caption
    yield f"captions from elsewhere: {with_caption} of {pairs} pairs have one, {without} have none"
    repeated, empty = joined.captions_repeated, joined.rows - captions
    without = captions - with_pair - repeated
    parts = [f"{with_pair} of {captions} captions have a pair", f"{without} have none"]
    parts += [f"{repeated} repeat another"] if repeated else []
    parts += [f"{empty} rows lack a caption or the value to join on"] if empty else []
    yield ", ".join(parts)
    if joined.hint:
        yield f"almost none were joined: {joined.hint}"


def _explain(run: Run, caption_files: Sequence[CaptionFile]) -> str:
    """Return why almost no caption found its pair, as far as the values of both sides tell."""

    def read() -> Iterator[pa.Table]:
        for source in run.sources():
            yield parquet.read_table(run.directory.table(RunTable.SCORES, source.name), COLUMNS)

    first = caption_files[0]
    names = [name for name in COLUMNS if name in fields_of(first.path)]
    values = {name: _values(replace(first, on=name)) for name in names}
    return explain_join(values, read, first.on)


def _values(file: CaptionFile) -> pa.Array:
    tables = [table["on"] for table in islice(read_caption_file(file), 1)]
    values = pa.chunked_array(tables, pa.string()).drop_null().slice(0, _VALUES_COMPARED)
    return pc.unique(values)


def build_join(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    caption_files: Sequence[CaptionFile],
    *,
    pending: Sequence[Source],
    sources: Sequence[Source],
    parser: str | None,
    stamp: str,
    counts_path: str,
) -> None:
    """Wire the phase: the pairs of all ``sources`` are matched, captions of ``pending`` are kept.

    Only fingerprints and places are shuffled; captions go from file to file, sorted by source.
    """
    on = caption_files[0].on
    pairs = (
        root
        | "Load scores" >> LoadUnits(sources, run_dir, RunTable.SCORES, [on])
        | "Find pairs" >> beam.Map(places_of_pairs, on)
    )
    captions = root | "Files" >> Spread(caption_files) | "Read captions" >> KeepChunks(run_dir)
    _ = (
        (pairs, captions)
        | "Both sides" >> beam.Flatten()
        | "Match" >> MatchCaptions(counts_path)
        | "Sort by source" >> SortCaptions(run_dir)
        | "Gather captions" >> GatherJoinedCaptions(run_dir, pending)
        | "Find facts" >> FindGeneratedFacts(parser, run_dir.statistics)
        | "Keep captions" >> KeepUnits(run_dir, RunTable.CAPTIONS, stamp)
    )
