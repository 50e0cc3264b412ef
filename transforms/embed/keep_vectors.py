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
from .encoder import EncodedBy, Vector


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair with its vectors; None for what there is not, or could not be read."""

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
    by: EncodedBy

    @property
    def rows(self) -> PartStore:
        """Where they are kept, beside those of other models that did the same work before."""
        return PartStore(self.run_dir, self.by.table, self.name, EMBEDDINGS)

    def load(self) -> pa.Table:
        """Return the rows of this encoder, for each uid the last one."""
        table = self.rows.load()
        same = [pc.equal(table[n], getattr(self.by, n)) for n in ("model", "revision")]
        return one_of_each(table.filter(pc.and_(*same)), ["uid"], keep="last")

    def add(self, encoded: Sequence[Encoded]) -> None:
        """Keep the vectors of some pairs as one more part."""
        self.rows.add(_to_table(encoded, self.by))

    def settle(self, stamp: str) -> None:
        """Move the parts into the table, with a stamp that marks it as whole.

        Vectors of other models are dropped: they can be computed again.
        """
        table = self.load()
        self.rows.replace(with_tally(table, Tally(table.num_rows, stamp=stamp)))


def vectors_in(column: pa.ChunkedArray) -> list[Vector | None]:
    """Return the vectors in a column of lists, views of one array."""
    lists = column.combine_chunks()
    values = lists.flatten().to_numpy()
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    ends = np.cumsum(lengths)
    return [
        values[end - length : end] if length else None
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]


def _to_table(encoded: Sequence[Encoded], by: EncodedBy) -> pa.Table:
    columns = [
        pa.array([one.uid for one in encoded], pa.string()),
        pa.array([by.model] * len(encoded), pa.string()),
        pa.array([by.revision] * len(encoded), pa.string()),
        pa.array([one.caption_raw for one in encoded], pa.string()),
        pa.array([one.caption_generated for one in encoded], pa.string()),
        *(_to_lists(getattr(one, name) for one in encoded) for name in VECTORS),
    ]
    return pa.Table.from_arrays(columns, schema=EMBEDDINGS)


VECTORS = ("image", "text", "text_generated")


def _to_lists(vectors: Iterable[Vector | None]) -> pa.ListArray:
    found = list(vectors)
    lengths = [0 if vector is None else len(vector) for vector in found]
    offsets = np.cumsum([0, *lengths], dtype=np.int32)
    there = [vector for vector in found if vector is not None]
    values = pa.array(np.concatenate([np.empty(0, np.float32), *there]))
    mask = pa.array([vector is None for vector in found], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=mask)


def _settle(
    source: Source, run_dir: RunDirectory, by: EncodedBy, stamps: Mapping[str, str]
) -> Source:
    VectorStore(run_dir, source.name, by).settle(stamps[source.name])
    return source


@dataclass
class SettleVectors(beam.PTransform):
    """Source -> Source, its vectors in one table with the stamp that says by what it is whole."""

    run_dir: RunDirectory
    by: EncodedBy
    stamps: Mapping[str, str]

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.Map(_settle, self.run_dir, self.by, self.stamps)
