"""Files of captions from elsewhere -> chunks on disk, and from these the captions of each source.

Captions stay in files, for they may be large: only fingerprints and places are shuffled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.run_directory import RunDirectory
from ...storage import files, parquet
from .match_captions import Matches, Places, find_places
from .read_caption_file import CaptionFile, read_caption_file

JOINED = pa.schema([("row", pa.int32()), ("caption", pa.string()), ("model", pa.string())])
"""One row for each pair with a caption: its row in the source, the caption and its model."""

_MAX_CHUNKS = 1 << 24
"""More than any file has: chunks are numbered through all files."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The captions of one source in one file: a group of rows with the schema JOINED."""

    path: str
    number: int


def keep_chunks(file: CaptionFile, run_dir: RunDirectory) -> Iterator[Places]:
    """Write the captions of ``file`` in chunks; yield the places of those that can be joined."""
    for at, table in enumerate(read_caption_file(file)):
        number = file.number * _MAX_CHUNKS + at
        parquet.write_table(_chunk_path(run_dir, number), table.select(["caption", "model"]))
        usable = pc.and_(pc.is_valid(table["on"]), pc.is_valid(table["caption"]))
        column = table["on"].combine_chunks()
        yield find_places(column, usable.combine_chunks(), number, is_captions=True)


def sort_chunk(
    number: int, parts: Iterable[Matches], run_dir: RunDirectory
) -> Iterator[tuple[int, RowGroup]]:
    """Sort the matched captions of a chunk; yield source numbers with their row groups."""
    captions, sources, rows = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((rows, sources))
    chunk = parquet.read_table(_chunk_path(run_dir, number)).take(pa.array(captions[order]))
    table = pa.Table.from_arrays([pa.array(rows[order]), *chunk.columns], schema=JOINED)
    numbers, starts = np.unique(sources[order], return_index=True)
    ends = [*starts[1:].tolist(), len(order)]
    path = run_dir.scratch("sorted", f"{number:012d}.parquet")
    with files.write_whole(path) as file, pq.ParquetWriter(file, JOINED) as writer:
        for start, end in zip(starts.tolist(), ends, strict=True):
            writer.write_table(table.slice(start, end - start))
    yield from ((source, RowGroup(path, at)) for at, source in enumerate(numbers.tolist()))


def _sort(
    element: tuple[int, Iterable[Matches]], run_dir: RunDirectory
) -> Iterator[tuple[int, RowGroup]]:
    return sort_chunk(*element, run_dir)


def _chunk_path(run_dir: RunDirectory, number: int) -> str:
    return run_dir.scratch("captions", f"{number:012d}.parquet")


@dataclass
class KeepChunks(beam.PTransform):
    """CaptionFile -> Places of the values to join on; the captions are written in chunks."""

    run_dir: RunDirectory

    def expand(self, files: beam.PCollection) -> beam.PCollection:
        return files | beam.FlatMap(keep_chunks, self.run_dir)


@dataclass
class SortCaptions(beam.PTransform):
    """Chunk and Matches -> source number and RowGroup, the matched captions sorted on disk."""

    run_dir: RunDirectory

    def expand(self, matches: beam.PCollection) -> beam.PCollection:
        return (
            matches
            | "Gather matches" >> beam.GroupByKey()
            | "Sort" >> beam.FlatMap(_sort, self.run_dir)
        )
