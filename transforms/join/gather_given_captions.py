"""Source and its stretches of captions from elsewhere -> Unit of captions, checked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.tables import CAPTIONS
from ...schemas.unit import Unit
from ...storage import files
from ..enrich.check_caption import check_caption
from ..text.recognise_language import PARSER_LANGUAGE
from ..units import load_unit
from .sort_given_captions import JOINED, Stretch

COLUMNS = ["uid", "shard", "key", "language"]
"""The columns of scores that are looked at."""


def gather_given_captions(unit: Unit, joined: pa.Table) -> Unit:
    """Return a row for every pair of ``unit`` that has a caption in ``joined``, in their order.

    A pair whose own caption cannot be read has none: nothing could be compared with it. The facts,
    the parts, the information and the similarities are still null.
    """
    found = joined.sort_by("row")
    pairs = unit.table.take(found["row"].combine_chunks())
    read = pc.equal(pairs["language"], PARSER_LANGUAGE)
    found, pairs = found.filter(read), pairs.filter(read)
    rows = found.num_rows
    checked = [check_caption(caption) for caption in found["caption"].to_pylist()]
    known = {
        **{name: pairs[name] for name in ("uid", "shard", "key")},
        "model": found["model"],
        **{name: pa.array([""] * rows, pa.string()) for name in ("revision", "prompt")},
        "caption": pa.array([None if fault else text for text, fault in checked], pa.string()),
        "fault": pa.array([fault and fault.value for _, fault in checked], pa.string()),
    }
    arrays = [known.get(field.name, pa.nulls(rows, field.type)) for field in CAPTIONS]
    return Unit(unit.source, pa.table(arrays, schema=CAPTIONS), unit.tally)


@dataclass
class GatherGivenCaptions(beam.PTransform):
    """Source number and Stretch -> Unit of captions for each of ``sources``, found or not."""

    run_dir: RunDirectory
    sources: Sequence[Source]

    def expand(self, stretches: beam.PCollection) -> beam.PCollection:
        wanted = stretches.pipeline | "Wanted" >> beam.Create([(s.number, s) for s in self.sources])
        return (
            {"sources": wanted, "stretches": stretches}
            | "By source" >> beam.CoGroupByKey()
            | "Gather" >> beam.FlatMap(_gather, self.run_dir)
        )


def _gather(element: tuple[int, dict[str, Iterable[Any]]], run_dir: RunDirectory) -> Iterator[Unit]:
    _, found = element
    for source in found["sources"]:
        unit = load_unit(source, run_dir, RunTable.SCORES, COLUMNS)
        tables = [_read(stretch) for stretch in found["stretches"]]
        yield gather_given_captions(unit, pa.concat_tables([JOINED.empty_table(), *tables]))


def _read(stretch: Stretch) -> pa.Table:
    with files.open_table(stretch.path) as file:
        return file.read_row_group(stretch.group)
