"""Sources and their captions from elsewhere -> Units of captions, checked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.tables import CAPTIONS, with_nulls
from ...schemas.unit import Unit
from ...storage import parquet
from ..enrich.check_caption import check_caption
from ..text.recognise_language import PARSER_LANGUAGE
from ..units import load_unit
from .sort_captions import JOINED, RowGroup

COLUMNS = ["uid", "shard", "key", "language"]
"""The columns of scores that are read."""


def gather_joined_captions(unit: Unit, joined: pa.Table) -> Unit:
    """Return a row for every pair of ``unit`` that has a caption in ``joined``, in their order.

    Pairs in other languages than the parser's are left out: their captions cannot be compared. The
    facts, the parts, the information and the similarities are still null.
    """
    joined = joined.sort_by("row")
    pairs = unit.table.take(joined["row"].combine_chunks())
    readable = pc.equal(pairs["language"], PARSER_LANGUAGE)
    joined, pairs = joined.filter(readable), pairs.filter(readable)
    checked = [check_caption(caption) for caption in joined["caption"].to_pylist()]
    empty = pa.array([""] * len(checked), pa.string())
    known = {
        **{name: pairs[name] for name in ("uid", "shard", "key")},
        "model": joined["model"],
        "revision": empty,
        "prompt": empty,
        "caption": pa.array([None if fault else text for text, fault in checked], pa.string()),
        "fault": pa.array([fault and fault.value for _, fault in checked], pa.string()),
    }
    return Unit(unit.source, with_nulls(known, CAPTIONS), unit.tally)


@dataclass
class GatherJoinedCaptions(beam.PTransform):
    """Source number and RowGroup -> Unit of captions for each of ``sources``."""

    run_dir: RunDirectory
    sources: Sequence[Source]

    def expand(self, row_groups: beam.PCollection) -> beam.PCollection:
        sources = [(source.number, source) for source in self.sources]
        return (
            {
                "sources": row_groups.pipeline | "Sources" >> beam.Create(sources),
                "row_groups": row_groups,
            }
            | "By source" >> beam.CoGroupByKey()
            | "Gather" >> beam.FlatMap(_gather, self.run_dir)
        )


def _gather(element: tuple[int, dict[str, Iterable[Any]]], run_dir: RunDirectory) -> Iterator[Unit]:
    _, of_source = element
    for source in of_source["sources"]:
        unit = load_unit(source, run_dir, RunTable.SCORES, COLUMNS)
        tables = [_read(row_group) for row_group in of_source["row_groups"]]
        yield gather_joined_captions(unit, pa.concat_tables([JOINED.empty_table(), *tables]))


def _read(row_group: RowGroup) -> pa.Table:
    with parquet.open_table(row_group.path) as file:
        return file.read_row_group(row_group.number)
