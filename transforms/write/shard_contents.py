"""OutputShard -> its samples, read from the sources, and the rejections on the way."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.other_fields import lift_fields, with_columns
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.sample import is_pickled
from ...schemas.sample_json import SampleJson
from ...schemas.shard_tables import ADDED
from ...schemas.source import Source
from ...schemas.tables import SCORES
from ...storage import parquet
from ..embed.encoder import EncoderId
from ..read.check_image import image_fault
from ..read.decode_image import ImageFaultError, decode_image
from ..read.payload import Payload, StoredSample, Stretch
from ..read.stored_samples import DamagedSourceError, read_stored
from ..read.texts import CAPTIONS_RAW
from ..select.plan_shards import OutputShard, Piece
from .vector_members import VectorMembers

_SCORE_COLUMNS = ("url", "sha256", "caption", "width", "height")
_JUDGED = "caption_judged"
"""The column of the captions that this run took from its sources."""
_ROW_COLUMNS = ["uid", "shard", "key", "output_key", "caption", *ADDED[1:]]

Row = dict[str, Any]
"""A pair's row of the selection, with the columns of its scores that are written too."""

ReasonAndDetail = tuple[Reason, str]


class OutputSample(NamedTuple):
    """A sample to write: its key, its members by field, and the field of the image."""

    key: str
    members: dict[str, Payload]
    image_field: str


@dataclass(slots=True)
class ShardContents:
    """The samples of one output shard: read from its sources once, counted on the way."""

    shard: OutputShard
    run_dir: RunDirectory
    check_images: bool
    encoders: tuple[EncoderId, ...] = ()
    """Their vectors become members of the samples."""
    tables: list[pa.Table] = field(default_factory=list)
    """The rows of the samples, a table for each piece, in the order of writing."""
    rejections: list[Rejection] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    """Samples from each source, by its name."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Members that were left out of samples, by field."""
    damaged: dict[str, str] = field(default_factory=dict)
    """The damage of sources that loses pairs, by their names."""

    def samples(self) -> Iterator[OutputSample]:
        """Yield the samples of the shard, piece by piece in the order of the sources.

        Raises EvenpairError if a source cannot be read.
        """
        for piece in self.shard.pieces:
            yield from self._samples_of(piece)

    def _samples_of(self, piece: Piece) -> Iterator[OutputSample]:
        table = _chosen_rows(self.run_dir, piece, self.shard.number)
        several = [CAPTIONS_RAW] if CAPTIONS_RAW in table.column_names else []
        rows = table.select([*_ROW_COLUMNS, _JUDGED, *several]).to_pylist()
        table = table.drop_columns([_JUDGED])
        waiting = {row["key"]: at for at, row in enumerate(rows)}
        vectors = VectorMembers(self.run_dir, piece.source, self.encoders)
        positions: list[int] = []
        for at, sample in self._stored(piece.source, rows, waiting):
            output = self._output_sample(rows[at], sample)
            if isinstance(output, OutputSample):
                output.members.update(vectors.of(rows[at]))
                positions.append(at)
                yield output
            else:
                self._reject(rows[at], *output)
        self.tables.append(table.take(pa.array(positions, pa.int64())))
        self.written[piece.source.name] += len(positions)

    def _stored(
        self, source: Source, rows: list[Row], waiting: dict[str, int]
    ) -> Iterator[tuple[int, StoredSample]]:
        """Yield the samples of the keys ``waiting``, each with its row; reject the lost ones."""
        lost = _NO_IMAGE
        try:
            with closing(read_stored(source, waiting)) as samples:
                for sample in samples:
                    yield waiting.pop(sample.key), sample
                    if not waiting:
                        break
        except DamagedSourceError as error:
            lost = Reason.TRUNCATED_SOURCE, error.damage
            self.damaged[source.name] = error.damage
        for at in waiting.values():
            self._reject(rows[at], *lost)

    def _reject(self, row: Row, reason: Reason, detail: str) -> None:
        pair = (row["uid"], row["shard"], row["key"])
        self.rejections.append(Rejection(*pair, Phase.WRITE, reason, detail))

    def _output_sample(self, row: Row, sample: StoredSample) -> OutputSample | ReasonAndDetail:
        image_field = sample.image_field
        if image_field is None:
            return Reason.MISSING_IMAGE, sample.missing or _NO_IMAGE[1]
        fault = self._image_fault(sample.members[image_field])
        if fault is not None:
            return Reason.UNDECODABLE_IMAGE, fault
        try:
            json = _with_fields(sample.members.get("json"), row)
        except (ValueError, RecursionError) as error:
            return Reason.UNREADABLE_SAMPLE, f"its json is not a JSON object: {error}"
        pickled = [name for name in sample.members if is_pickled(name)]
        self.left_out.update(pickled)
        members = {n: m for n, m in sample.members.items() if n not in pickled}
        members |= {"json": json, "txt": (row["caption"] or "").encode()}
        return OutputSample(row["output_key"], members, image_field)

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
    """Return the rows of ``piece`` in a shard: columns of the selection, then of the scores."""
    path = run_dir.table(RunTable.SCORES, piece.source.name)
    others = [name for name in parquet.read_schema(path).names if name not in SCORES.names]
    scores = lift_fields(
        parquet.read_table(path, [*_SCORE_COLUMNS, *others]), ["caption_raw", CAPTIONS_RAW]
    )
    table = parquet.read_table(run_dir.table(RunTable.SELECTION, piece.source.name))
    columns = {_JUDGED: scores["caption"], "caption_raw": _first_raw_captions(scores)}
    columns |= {n: scores[n] for n in scores.column_names if n not in columns}
    ours = {*table.column_names}
    table = with_columns(table, {n: column for n, column in columns.items() if n not in ours})
    return table.filter(pc.equal(table["output_shard"], number))


def _first_raw_captions(scores: pa.Table) -> pa.ChunkedArray:
    """Return the raw captions; those of an earlier pass, where the source has some."""
    if "caption_raw" not in scores.column_names or scores["caption_raw"].type != pa.string():
        return scores["caption"]
    earlier = scores["caption_raw"]
    return pc.if_else(pc.equal(pc.fill_null(earlier, ""), ""), scores["caption"], earlier)


def _with_fields(json: Payload | None, row: Row) -> bytes:
    """Return the JSON of a sample with the fields that evenpair adds; what is empty is left out.

    Captions of an earlier pass, and a caption that was not the one to judge, are kept.
    """
    if isinstance(json, Stretch):
        raise ValueError(f"{json.size} bytes")
    sample = SampleJson(None if json is None else bytes(json).decode("utf-8-sig"))
    fields = {name: row[name] for name in ("caption", *ADDED)} | earlier_captions(
        sample.fields, row[_JUDGED]
    )
    if row["output_key"] != row["key"]:
        fields["key"] = row["output_key"]
    if row.get(CAPTIONS_RAW) and CAPTIONS_RAW not in sample.fields:
        fields[CAPTIONS_RAW] = row[CAPTIONS_RAW]
    without = [name for name, value in fields.items() if value in (None, "")]
    added = {name: value for name, value in fields.items() if name not in without}
    stale = [name for name in without if name not in _EARLIER]
    return sample.with_fields(added, stale).encode()


_EARLIER = ("caption_raw", "caption_generated")


def earlier_captions(fields: Mapping[str, Any], judged: str | None) -> dict[str, Any]:
    """Return the captions in a sample's fields that its new ones must not replace.

    ``caption_raw`` is that of an earlier pass. ``caption_other`` is the field ``caption`` where
    another text, ``judged``, was taken for the pair's caption.
    """
    kept: dict[str, Any] = {}
    earlier, own = fields.get("caption_raw"), fields.get("caption")
    if isinstance(earlier, str) and earlier:
        kept["caption_raw"] = earlier
    text = own.strip() if isinstance(own, str) else own
    if text not in (None, "", (judged or "").strip()) and "caption_other" not in fields:
        kept["caption_other"] = own
    return kept
