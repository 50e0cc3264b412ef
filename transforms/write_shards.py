"""OutputShard -> one finished shard: tar, parquet and statistics, whole or not at all."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.rejection import Phase, Reason, Rejection
from ..schemas.run_directory import RunDirectory
from ..schemas.sample import Sample, first_samples
from ..schemas.sample_json import add_fields
from ..schemas.shard_tables import ADDED, shard_table
from ..schemas.tables import rejections_to_table
from ..schemas.tar import END_OF_ARCHIVE, RECORD, Readable
from ..schemas.tar_header import make_header, padding
from . import storage
from .check_image import image_fault
from .decode_image import ImageFaultError, decode_image
from .plan_shards import OutputShard, Piece

Row = dict[str, Any]
"""A row of the selection beside the same row of the scores."""


@dataclass(slots=True)
class _Shard:
    """What has been written of one shard, and what was not."""

    run: RunDirectory
    number: int
    check_images: bool
    written: list[pa.Table] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.number:05d}"

    def path(self, suffix: str) -> str:
        return f"{self.run.shards}/{self.name}{suffix}"


def write_shard(planned: OutputShard, run: RunDirectory, *, check_images: bool) -> int:
    """Write one shard and return the number of its samples.

    The statistics come last: where they are, the shard is whole.
    """
    shard = _Shard(run, planned.number, check_images)
    with storage.write_whole(shard.path(".tar")) as file:
        for piece in planned.pieces:
            _write_piece(shard, piece, file)
        file.write(END_OF_ARCHIVE)
        file.write(bytes(-file.tell() % RECORD))
    rejected = rejections_to_table(shard.rejections)
    storage.write_table(run.rejections(Phase.WRITE, shard.name), rejected)
    table = shard_table(shard.written)
    storage.write_table(shard.path(".parquet"), table)
    storage.write_bytes(shard.path("_stats.json"), _statistics(table.num_rows))
    return int(table.num_rows)


def write_sizes(shards: Iterable[OutputShard], run: RunDirectory) -> None:
    """Write ``sizes.json``, from which open_clip knows how many samples each shard has."""
    sizes = {}
    for shard in shards:
        name = f"{shard.number:05d}"
        statistics = json.loads(storage.read_bytes(f"{run.shards}/{name}_stats.json"))
        sizes[f"{name}.tar"] = statistics["successes"]
    storage.write_bytes(f"{run.shards}/sizes.json", json.dumps(sizes, indent=4).encode())


def _statistics(samples: int) -> bytes:
    """Return img2dataset's statistics of a shard; without times, so that bytes repeat."""
    statistics = {
        "count": samples,
        "successes": samples,
        "failed_to_download": 0,
        "failed_to_resize": 0,
        "duration": 0,
        "start_time": 0,
        "end_time": 0,
        "status_dict": {"success": samples},
    }
    return json.dumps(statistics, indent=4).encode()


def _write_piece(shard: _Shard, piece: Piece, file: IO[bytes]) -> None:
    """Copy the chosen samples of one source, in the order of its table."""
    chosen = _chosen(shard, piece)
    with ExitStack() as stack:
        archive = stack.enter_context(storage.open_blocks(piece.source.path))
        samples = {sample.key: sample for sample in first_samples(archive)}
        kept = []
        for at, row in enumerate(chosen.select(_ROW).to_pylist()):
            refusal = _write_pair(shard, row, samples.get(row["key"]), archive, file)
            if refusal is None:
                kept.append(at)
            else:
                shard.rejections.append(_rejection(row, *refusal))
        shard.written.append(chosen.take(pa.array(kept, pa.int64())))


_ROW = ["shard", "key", "output_key", "caption", *ADDED]


def _chosen(shard: _Shard, piece: Piece) -> pa.Table:
    """Return the rows of ``piece``: the selection, and behind it what the scores know besides."""
    name = piece.source.name
    selection = storage.read_table(shard.run.table("selection", name))
    scores = storage.read_table(shard.run.table("scores", name))
    table = selection.append_column("caption_raw", scores["caption"])
    for column in scores.column_names:
        if column not in table.column_names:
            table = table.append_column(column, scores[column])
    return table.filter(pc.equal(table["output_shard"], shard.number))


Refusal = tuple[Reason, str]


def _write_pair(
    shard: _Shard, row: Row, sample: Sample | None, archive: Readable, file: IO[bytes]
) -> Refusal | None:
    """Write one sample, its members in the order of their names; or say why it is none."""
    if sample is None or sample.image is None:
        return Reason.MISSING_IMAGE, "the archive holds no image for the key"
    contents = {n: archive[m.offset : m.offset + m.size] for n, m in sample.members.items()}
    refusal = _image_refusal(shard, contents[_image_field(sample)])
    if refusal is not None:
        return refusal
    try:
        contents["json"] = _with_fields(contents.get("json"), row)
    except (ValueError, RecursionError) as error:
        return Reason.UNREADABLE_SAMPLE, f"its json is no JSON object: {error}"
    contents["txt"] = (row["caption"] or "").encode()
    for name, content in sorted(contents.items()):
        _write_member(f"{row['output_key']}.{name}", content, file)
    return None


def _image_field(sample: Sample) -> str:
    return next(name for name, member in sample.members.items() if member is sample.image)


def _image_refusal(shard: _Shard, content: bytes) -> Refusal | None:
    fault = image_fault(content)
    if fault is None and shard.check_images:
        try:
            decode_image(content)
        except ImageFaultError as error:
            fault = str(error)
    return None if fault is None else (Reason.UNDECODABLE_IMAGE, fault)


def _with_fields(original: bytes | None, row: Row) -> bytes:
    """Return the JSON of a written sample: what it came with, and what the run knows of it."""
    renamed = {} if row["output_key"] == row["key"] else {"key": row["output_key"]}
    fields = {**renamed, **{name: row[name] for name in ADDED}}
    return add_fields(None if original is None else original.decode("utf-8-sig"), fields).encode()


def _write_member(name: str, content: bytes, file: IO[bytes]) -> None:
    file.write(make_header(name, len(content)))
    file.write(content)
    file.write(bytes(padding(len(content))))


def _rejection(row: Row, reason: Reason, detail: str) -> Rejection:
    return Rejection(row["uid"], row["shard"], row["key"], Phase.WRITE, reason, detail)


class _Write(beam.DoFn):
    def __init__(self, run: RunDirectory, check_images: bool) -> None:
        self._run = run
        self._check_images = check_images

    def process(self, planned: OutputShard) -> Iterable[int]:
        yield write_shard(planned, self._run, check_images=self._check_images)


@dataclass
class WriteShards(beam.PTransform):
    """OutputShard -> the number of samples written."""

    run: RunDirectory
    check_images: bool

    def expand(self, shards: beam.PCollection) -> beam.PCollection:
        return shards | beam.ParDo(_Write(self.run, self.check_images))
