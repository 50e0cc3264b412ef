"""What encoders made of one source, kept for good and never computed again.

A source's vectors lie in ``embeddings/KIND/NAME.parquet``, and while it is at work in small parts
beside it, each whole or not at all, as the answers of captioners do.
"""

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
from ...storage import files
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
    def path(self) -> str:
        return self.run_dir.table(self.by.table, self.name)

    @property
    def parts_path(self) -> str:
        return self.run_dir.path(self.by.table.folder, f"{self.name}.parts")

    def load(self) -> pa.Table:
        """Return the rows of this very encoder; of one uid the last."""
        paths = [self.path] if files.exists(self.path) else []
        tables = [files.read_table(path) for path in [*paths, *self._parts()]]
        plain = [table.replace_schema_metadata(None) for table in tables]
        table = pa.concat_tables([EMBEDDINGS.empty_table(), *plain])
        same = [pc.equal(table[n], getattr(self.by, n)) for n in ("model", "revision")]
        return _last(table.filter(pc.and_(*same)))

    def add(self, encoded: Sequence[Encoded]) -> None:
        """Keep the vectors of some pairs as one more part."""
        part = f"{self.parts_path}/{len(self._parts()):05d}.parquet"
        files.write_table(part, _to_table(encoded, self.by))

    def settle(self, stamp: str) -> None:
        """Put the parts into the one table, with what says by what it is whole.

        Those of another model go: they can be computed again.
        """
        table = self.load().combine_chunks()
        files.write_table(self.path, with_tally(table, Tally(table.num_rows, stamp=stamp)))
        files.remove(self.parts_path)

    def _parts(self) -> list[str]:
        return files.find_in(self.parts_path, "*.parquet")


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


def _last(table: pa.Table) -> pa.Table:
    """Return the last row of each uid, in the order of these."""
    if table.num_rows == 0:
        return table
    numbered = pa.table({"uid": table["uid"], "at": pa.array(np.arange(table.num_rows))})
    last = numbered.group_by("uid", use_threads=False).aggregate([("at", "max")])["at_max"]
    return table.take(last.combine_chunks().sort())


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
