"""Files of captions from elsewhere -> pieces on disk, and what of them belongs to each source.

Captions are kept in files, for they are many: only fingerprints are shuffled, and where they stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.run_directory import RunDirectory
from ...storage import files
from .match_given_captions import Matches, Places, find_places
from .read_given_captions import GivenFile, read_given_captions

JOINED = pa.schema([("row", pa.int32()), ("caption", pa.string()), ("model", pa.string())])
"""A caption, and the row of its pair in the source."""

_PIECES_A_FILE = 1 << 24


@dataclass(frozen=True, slots=True)
class Stretch:
    """The captions of one source in one file: a group of rows with the schema JOINED."""

    path: str
    group: int


def keep_pieces(file: GivenFile, run_dir: RunDirectory) -> Iterator[Places]:
    """Write the captions of ``file`` down in pieces; yield where in each there is a usable one."""
    for at, table in enumerate(read_given_captions(file)):
        number = file.number * _PIECES_A_FILE + at
        files.write_table(_piece_path(run_dir, number), table.select(["caption", "model"]))
        usable = pc.and_(pc.is_valid(table["on"]), pc.is_valid(table["caption"]))
        column = table["on"].combine_chunks()
        yield find_places(column, usable.combine_chunks(), number, is_given=True)


def sort_piece(
    number: int, matches: Iterable[Matches], run_dir: RunDirectory
) -> Iterator[tuple[int, Stretch]]:
    """Sort what of a piece has found a pair; yield the number of each source with its stretch."""
    captions, sources, rows = (np.concatenate(parts) for parts in zip(*matches, strict=True))
    order = np.lexsort((rows, sources))
    found = files.read_table(_piece_path(run_dir, number)).take(pa.array(captions[order]))
    table = pa.Table.from_arrays([pa.array(rows[order]), *found.columns], schema=JOINED)
    numbers, starts = np.unique(sources[order], return_index=True)
    ends = [*starts[1:].tolist(), len(order)]
    path = run_dir.scratch("sorted", f"{number:012d}.parquet")
    with files.write_whole(path) as file, pq.ParquetWriter(file, JOINED) as writer:
        for start, end in zip(starts.tolist(), ends, strict=True):
            writer.write_table(table.slice(start, end - start))
    yield from ((n, Stretch(path, group)) for group, n in enumerate(numbers.tolist()))


def _sort(
    element: tuple[int, Iterable[Matches]], run_dir: RunDirectory
) -> Iterator[tuple[int, Stretch]]:
    return sort_piece(*element, run_dir)


def _piece_path(run_dir: RunDirectory, number: int) -> str:
    return run_dir.scratch("given", f"{number:012d}.parquet")


@dataclass
class KeepPieces(beam.PTransform):
    """Files of captions -> Places of what is joined on, the captions in pieces on disk."""

    run_dir: RunDirectory

    def expand(self, files: beam.PCollection) -> beam.PCollection:
        return files | beam.FlatMap(keep_pieces, self.run_dir)


@dataclass
class SortPieces(beam.PTransform):
    """Piece and Matches -> source number and Stretch, the matched captions sorted on disk."""

    run_dir: RunDirectory

    def expand(self, matches: beam.PCollection) -> beam.PCollection:
        return (
            matches
            | "Gather matches" >> beam.GroupByKey()
            | "Sort" >> beam.FlatMap(_sort, self.run_dir)
        )
