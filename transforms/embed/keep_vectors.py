"""The vectors that encoders made of one source: computed once, kept for good."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.source import Source
from ...schemas.tables import EMBEDDINGS
from ...schemas.unit import Tally, with_tally
from ..part_store import PartStore, one_of_each
from .encoder import EncoderId, Vector


@dataclass(frozen=True, slots=True)
class PairVectors:
    """The captions of a pair and its vectors; None for what is missing or could not be read."""

    uid: str
    caption_raw: str | None
    caption_generated: str | None
    image: Vector | None = None
    text: Vector | None = None
    text_generated: Vector | None = None


@dataclass(frozen=True, slots=True)
class VectorStore:
    """The vectors that one encoder made of one source."""

    run_dir: RunDirectory
    name: str
    encoder_id: EncoderId

    @property
    def rows(self) -> PartStore:
        """The rows of this encoder, and of earlier ones with the same table."""
        return PartStore(self.run_dir, self.encoder_id.table, self.name, EMBEDDINGS)

    def load(self) -> pa.Table:
        """Return the rows of this encoder, for each uid the last one."""
        table = self.rows.load()
        same = [pc.equal(table[n], getattr(self.encoder_id, n)) for n in ("model", "revision")]
        return one_of_each(table.filter(pc.and_(*same)), ["uid"], keep="last")

    def add(self, vectors: Sequence[PairVectors]) -> None:
        """Keep the vectors of some pairs as one more part."""
        self.rows.add(_to_table(vectors, self.encoder_id))

    def settle(self, stamp: str) -> None:
        """Move the parts into the table, with the stamp that marks it as complete.

        Vectors of other models are dropped: they can be computed again.
        """
        table = self.load()
        self.rows.replace(with_tally(table, Tally(table.num_rows, stamp=stamp)))


def vectors_in(column: pa.ChunkedArray) -> list[Vector | None]:
    """Return the vectors in a column of lists; they are views of one array."""
    lists = column.combine_chunks()
    values = lists.flatten().to_numpy()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    ends = np.cumsum(lengths)
    return [
        values[end - length : end] if length else None
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]


def _to_table(vectors: Sequence[PairVectors], encoder_id: EncoderId) -> pa.Table:
    columns = [
        pa.array([row.uid for row in vectors], pa.string()),
        pa.array([encoder_id.model] * len(vectors), pa.string()),
        pa.array([encoder_id.revision] * len(vectors), pa.string()),
        pa.array([row.caption_raw for row in vectors], pa.string()),
        pa.array([row.caption_generated for row in vectors], pa.string()),
        *(_to_lists(getattr(row, name) for row in vectors) for name in _VECTORS),
    ]
    return pa.Table.from_arrays(columns, schema=EMBEDDINGS)


_VECTORS = ("image", "text", "text_generated")


def _to_lists(vectors: Iterable[Vector | None]) -> pa.ListArray:
    rows = list(vectors)
    offsets = np.cumsum([0, *(0 if row is None else len(row) for row in rows)], dtype=np.int32)
    values = np.concatenate([np.empty(0, np.float32), *(row for row in rows if row is not None)])
    mask = pa.array([row is None for row in rows], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values), mask=mask)


def _settle(
    source: Source, run_dir: RunDirectory, encoder_id: EncoderId, stamps: Mapping[str, str]
) -> Source:
    VectorStore(run_dir, source.name, encoder_id).settle(stamps[source.name])
    return source


@dataclass
class SettleVectors(beam.PTransform):
    """Source -> Source, its vectors moved into one table with the stamp of the source."""

    run_dir: RunDirectory
    encoder_id: EncoderId
    stamps: Mapping[str, str]

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.Map(_settle, self.run_dir, self.encoder_id, self.stamps)
