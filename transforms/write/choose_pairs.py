"""Piece of a source -> the pairs that a shard takes from it, and why others were left out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.sample import is_pickled
from ...schemas.sample_json import add_fields
from ...schemas.shard_tables import ADDED
from ...schemas.tables import SCORES
from ...storage import files
from ..embed.encoder import EncodedBy
from ..read.check_image import image_fault
from ..read.decode_image import ImageFaultError, decode_image
from ..read.stored_samples import Payload, StoredSample, Stretch, read_stored
from ..select.plan_shards import Piece
from .vector_members import VectorMembers

_SCORED = ("url", "sha256", "caption", "width", "height")
_ROW = ("uid", "shard", "key", "output_key", "caption", *ADDED[1:])

Row = dict[str, Any]
"""A row of the selection beside the same row of the scores."""

Refusal = tuple[Reason, str]


class Pair(NamedTuple):
    """A pair to write: its key, its members by field, and which of them is the image."""

    key: str
    members: dict[str, Payload]
    image_field: str


@dataclass(slots=True)
class Choice:
    """What one shard takes from its sources."""

    run_dir: RunDirectory
    number: int
    check_images: bool
    encoders: tuple[EncodedBy, ...] = ()
    """Whose vectors are written beside the images."""
    tables: list[pa.Table] = field(default_factory=list)
    """The rows of what was taken, a table for each source, in the order of writing."""
    rejections: list[Rejection] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    """How many pairs were taken from each source."""
    left_out: Counter[str] = field(default_factory=Counter)
    """How many members were left out of samples that were taken, by field."""

    def pairs_of(self, piece: Piece) -> Iterator[Pair]:
        """Yield the chosen pairs of ``piece`` in the order in which its source holds them."""
        chosen = _chosen_rows(self.run_dir, piece, self.number)
        columns = [chosen[name].to_pylist() for name in _ROW]
        waiting = {key: at for at, key in enumerate(chosen["key"].to_pylist())}
        vectors = VectorMembers(self.run_dir, piece.source, self.encoders)
        taken: list[int] = []
        with closing(read_stored(piece.source, waiting)) as samples:
            for sample in samples:
                at = waiting.pop(sample.key)
                row = {name: column[at] for name, column in zip(_ROW, columns, strict=True)}
                made = self._make_pair(row, sample)
                if isinstance(made, Pair):
                    made.members.update(vectors.of(row))
                    taken.append(at)
                    yield made
                else:
                    self._reject(row, *made)
                if not waiting:
                    break
        for at in waiting.values():
            row = {name: column[at] for name, column in zip(_ROW, columns, strict=True)}
            self._reject(row, *_NO_IMAGE)
        self.tables.append(chosen.take(pa.array(taken, pa.int64())))
        self.written[piece.source.name] += len(taken)

    def _reject(self, row: Row, reason: Reason, detail: str) -> None:
        where = (row["uid"], row["shard"], row["key"], Phase.WRITE)
        self.rejections.append(Rejection(*where, reason, detail))

    def _make_pair(self, row: Row, sample: StoredSample) -> Pair | Refusal:
        image_field = sample.image_field
        if image_field is None:
            return _NO_IMAGE
        fault = self._image_fault(sample.members[image_field])
        if fault is not None:
            return Reason.UNDECODABLE_IMAGE, fault
        try:
            said = _with_fields(sample.members.get("json"), row)
        except (ValueError, RecursionError) as error:
            return Reason.UNREADABLE_SAMPLE, f"its json is no JSON object: {error}"
        pickled = [name for name in sample.members if is_pickled(name)]
        self.left_out.update(pickled)
        members = {n: m for n, m in sample.members.items() if n not in pickled}
        members |= {"json": said, "txt": (row["caption"] or "").encode()}
        return Pair(row["output_key"], members, image_field)

    def _image_fault(self, image: Payload) -> str | None:
        if isinstance(image, Stretch):
            return f"a file of {image.size} bytes"
        fault = image_fault(image)
        if fault is None and self.check_images:
            try:
                decode_image(bytes(image))
            except ImageFaultError as error:
                return str(error)
        return fault


_NO_IMAGE = (Reason.MISSING_IMAGE, "the source holds no image for the key")


def _chosen_rows(run_dir: RunDirectory, piece: Piece, number: int) -> pa.Table:
    """Return the rows of ``piece``: the selection, and behind it what the scores know besides."""
    path = run_dir.table(RunTable.SCORES, piece.source.name)
    others = [name for name in files.read_schema(path).names if name not in SCORES.names]
    scores = files.read_table(path, [*_SCORED, *others])
    table = files.read_table(run_dir.table(RunTable.SELECTION, piece.source.name))
    table = table.append_column("caption_raw", scores["caption"])
    for name in scores.column_names:
        if name not in table.column_names:
            table = table.append_column(name, scores[name])
    return table.filter(pc.equal(table["output_shard"], number))


def _with_fields(original: Payload | None, row: Row) -> bytes:
    """Return the JSON of a written sample: what it came with, and what the run knows of it."""
    if isinstance(original, Stretch):
        raise ValueError(f"{original.size} bytes")
    renamed = {} if row["output_key"] == row["key"] else {"key": row["output_key"]}
    fields = {**renamed, **{name: row[name] for name in ADDED}}
    text = None if original is None else bytes(original).decode("utf-8-sig")
    return add_fields(text, fields).encode()
