"""Checks of damaged archives and strange captions: none may crash, hang or lose a pair."""

import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from evenpair.models.load_parser import load_parser
from evenpair.schemas.finding import Problem
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.shard_tables import shard_tally
from evenpair.schemas.source import Source
from evenpair.schemas.tables import SELECTION
from evenpair.schemas.tar import END_OF_ARCHIVE
from evenpair.schemas.tar_header import make_header, padding
from evenpair.schemas.unit import Unit
from evenpair.storage import parquet
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.select.plan_shards import OutputShard, Piece
from evenpair.transforms.verify.verify_archive import verify_archive
from evenpair.transforms.verify.verify_images import verify_images
from evenpair.transforms.write.write_shards import ShardFormat, write_shard


def check_archive(content: bytes, folder: Path) -> int:
    """Read, write and verify an archive; return how many of its pairs were written.

    Raises AssertionError if a pair is lost without a name, or what was written is not whole.
    """
    source = Source(0, "s", str(folder / "s.tar"))
    Path(source.path).write_bytes(content)
    unit = read_captions(source)
    rejected = len(unit.rejections)
    assert unit.tally.pairs_read == unit.table.num_rows + rejected
    keys = unit.table["key"].to_pylist()
    assert len(set(keys)) == len(keys)
    written = write(unit, RunDirectory(str(folder / "run")))
    report = verify_archive(source.path, "s", signatures=True)
    verify_images(source.path, "s", report.images)
    assert report.findings or unit.tally.fault is None
    return written


def write(unit: Unit, run: RunDirectory) -> int:
    """Write all pairs of a unit, and look at what became of them."""
    rows = unit.table.num_rows
    columns = {
        **{name: unit.table[name] for name in ("uid", "shard", "key")},
        "caption": pa.array(
            [f"caption of {key}" for key in unit.table["key"].to_pylist()], pa.string()
        ),
        "caption_source": pa.array(["raw"] * rows, pa.string()),
        "output_shard": pa.array([0] * rows, pa.int32()),
        "output_key": unit.table["key"],
    }
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in SELECTION]
    parquet.write_table(run.table(RunTable.SELECTION, "s"), pa.table(arrays, schema=SELECTION))
    parquet.write_table(run.table(RunTable.SCORES, "s"), unit.table)
    planned = OutputShard(0, (Piece(unit.source, 0, rows),))
    written = write_shard(planned, run, ShardFormat())
    rejections = parquet.read_table(run.rejections(Phase.WRITE, "00000"))
    assert written + rejections.num_rows == rows
    path = f"{run.shards}/00000"
    tally = shard_tally(parquet.read_schema(f"{path}.parquet"))
    assert tally.written == {"s": written}
    report = verify_archive(f"{path}.tar", "out", signatures=True)
    assert report.samples == written
    assert {f.problem for f in report.findings} <= {Problem.REPEATED_IMAGE}
    check_members(Path(f"{path}.tar"), written)
    return written


def check_members(path: Path, written: int) -> None:
    """Read an archive that evenpair wrote as anybody would."""
    with tarfile.open(path) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    texts = [payload.decode() for name, payload in members.items() if name.endswith(".txt")]
    assert len([text for text in texts if text.startswith("caption of ")]) == written
    for name, payload in members.items():
        if name.endswith(".json"):
            json.loads(payload)
        assert not name.startswith("/")
        assert ".." not in name.split("/")


def check_captions(captions: Sequence[bytes], folder: Path) -> None:
    """Put captions into an archive, read them, and have their facts found."""
    with (folder / "s.tar").open("wb") as file:
        for number, caption in enumerate(captions):
            for name, payload in (("jpg", b"x"), ("txt", caption)):
                file.write(make_header(f"{number}.{name}", len(payload)))
                file.write(payload + bytes(padding(len(payload))))
        file.write(END_OF_ARCHIVE)
    unit = read_captions(Source(0, "s", str(folder / "s.tar")))
    assert (unit.table.num_rows, unit.rejections, unit.tally.fault) == (len(captions), (), None)
    read = unit.table["caption"].to_pylist()
    assert read == [caption.decode("utf-8", "replace") for caption in captions]
    facts = list(parse_captions(load_parser(None), read))
    assert len(facts) == len(captions)
