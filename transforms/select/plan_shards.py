"""Numbers of kept pairs -> the pieces of sources that make up each output shard."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import apache_beam as beam
import pyarrow as pa

from ...schemas.source import Source
from ...schemas.tables import PLAN
from ...schemas.unit import Unit
from ...storage import parquet


class Piece(NamedTuple):
    """Consecutive kept pairs of one source, ``start`` to ``stop`` of all that it keeps."""

    source: Source
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class OutputShard:
    """A shard to write: its number and its pieces, in order."""

    number: int
    pieces: tuple[Piece, ...]

    @property
    def pairs(self) -> int:
        """The number of pairs in the shard."""
        return sum(piece.stop - piece.start for piece in self.pieces)


def plan_shards(counts: Iterable[tuple[Source, int]], shard_size: int) -> list[OutputShard]:
    """Pack consecutive sources into shards; ``counts`` are the numbers of pairs that they keep.

    A shard has at most ``shard_size`` pairs. A source that keeps more is cut into even pieces. One
    that keeps nothing is in no shard.
    """
    shards: list[list[Piece]] = []
    room = 0
    for source, count in counts:
        for piece in _pieces(source, count, shard_size):
            size = piece.stop - piece.start
            if size > room or not shards:
                shards.append([])
                room = shard_size
            shards[-1].append(piece)
            room -= size
    return [OutputShard(number, tuple(pieces)) for number, pieces in enumerate(shards)]


def _pieces(source: Source, count: int, shard_size: int) -> list[Piece]:
    pieces = -(-count // shard_size)
    edges = [count * i // pieces for i in range(pieces + 1)] if pieces else [0]
    return [Piece(source, *edge) for edge in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Plan:
    """The pieces of each source, by its number, with the numbers of their output shards."""

    pieces: Mapping[int, Sequence[tuple[int, Piece]]]
    number_width: int = 0
    """The digits of the source's number in front of each output key, 0 for keys as they are."""


def by_source(shards: Iterable[OutputShard]) -> dict[int, list[tuple[int, Piece]]]:
    """Return the pieces of each source, by its number, with the numbers of their output shards."""
    pieces: dict[int, list[tuple[int, Piece]]] = {}
    for shard in shards:
        for piece in shard.pieces:
            pieces.setdefault(piece.source.number, []).append((shard.number, piece))
    return pieces


def keep_plan(shards: Iterable[OutputShard], path: str) -> None:
    """Write the plan to ``path`` as a table with the schema PLAN."""
    rows = [(s.number, p.source.name, p.start, p.stop) for s in shards for p in s.pieces]
    columns = zip(*rows, strict=True) if rows else [() for _ in PLAN]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, PLAN, strict=True)]
    parquet.write_table(path, pa.table(arrays, schema=PLAN))


def load_plan(sources: Iterable[Source], path: str) -> list[OutputShard]:
    """Return the output shards that ``keep_plan`` wrote for ``sources``."""
    by_name = {source.name: source for source in sources}
    shards: dict[int, list[Piece]] = {}
    for row in parquet.read_table(path).to_pylist():
        piece = Piece(by_name[row["shard"]], row["start"], row["stop"])
        shards.setdefault(row["output_shard"], []).append(piece)
    return [OutputShard(number, tuple(pieces)) for number, pieces in shards.items()]


@dataclass
class PlanShards(beam.PTransform):
    """Units of decided pairs -> one Plan, which is written to ``path`` too."""

    shard_size: int
    path: str
    keys_repeat: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count kept" >> beam.Map(_count_kept)
            | "Gather counts" >> beam.combiners.ToList()
            | "Plan" >> beam.Map(_plan, self.keys_repeat, self.shard_size, self.path)
        )


def _count_kept(unit: Unit) -> tuple[Source, int]:
    return unit.source, unit.table["reason"].null_count


def _plan(counts: list[tuple[Source, int]], keys_repeat: bool, shard_size: int, path: str) -> Plan:
    in_order = sorted(counts, key=lambda count: count[0].number)
    shards = plan_shards(in_order, shard_size)
    keep_plan(shards, path)
    width = max(5, len(str(len(counts)))) if keys_repeat else 0
    return Plan(by_source(shards), width)
