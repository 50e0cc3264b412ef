"""Small shards as img2dataset writes them, and what is read back from those of evenpair."""

import gc
import io
import json
import tarfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import webdataset
from PIL import Image

IMG2DATASET_COLUMNS = pa.schema(
    [
        ("caption", pa.string()),
        ("url", pa.string()),
        ("key", pa.string()),
        ("status", pa.string()),
        ("error_message", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("original_width", pa.int32()),
        ("original_height", pa.int32()),
        ("exif", pa.string()),
        ("sha256", pa.string()),
    ]
)


def make_jpeg(number: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a picture of one colour; different numbers give different bytes."""
    stream = io.BytesIO()
    colour = (number * 37 % 256, number * 59 % 256, number * 83 % 256)
    Image.new("RGB", size, colour).save(stream, "JPEG")
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class MadePair:
    """A pair for a shard that a test makes; ``extra`` goes into its JSON, or out of it if None."""

    number: int
    caption: str | None
    image: bytes | None = None
    key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return make_jpeg(self.number) if self.image is None else self.image

    def row(self, key: str) -> dict[str, Any]:
        """Return what img2dataset's parquet and JSON say of the pair."""
        plain: dict[str, Any] = dict.fromkeys(IMG2DATASET_COLUMNS.names)
        return plain | {
            "caption": self.caption,
            "url": f"https://example.invalid/{self.number}.jpg",
            "key": key,
            "status": "success",
            "width": 8,
            "height": 8,
            "original_width": 16,
            "original_height": 16,
            "exif": "{}",
        }


def write_members(path: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    """Write an archive of named payloads as img2dataset does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, payload in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(payload), 0o444
            member.uname = member.gname = "bigdata"
            archive.addfile(member, io.BytesIO(payload))
    return path


def write_source(
    path: Path, pairs: Sequence[MadePair], *, parquet: bool = True, stats: bool = True
) -> Path:
    """Write a shard with its parquet and its statistics; one more row says what failed."""
    rows, members = [], []
    for at, pair in enumerate(pairs):
        key = pair.key or f"{path.stem}{at:04d}"
        row = pair.row(key)
        rows.append(row)
        said = {**row, **pair.extra}
        members += [
            (f"{key}.jpg", pair.content),
            (f"{key}.json", json.dumps(said, indent=4).encode()),
            (f"{key}.txt", (pair.caption or "").encode()),
        ]
    write_members(path, members)
    failed = dict.fromkeys(IMG2DATASET_COLUMNS.names) | {
        "key": f"{path.stem}9999",
        "caption": "a page that is gone",
        "status": "failed_to_download",
        "error_message": "HTTP Error 404: Not Found",
    }
    if parquet:
        table = pa.Table.from_pylist([*rows, failed], schema=IMG2DATASET_COLUMNS)
        pq.write_table(table, path.with_suffix(".parquet"))
    if stats:
        counts = {"count": len(rows) + 1, "successes": len(rows), "failed_to_download": 1}
        path.with_name(f"{path.stem}_stats.json").write_text(json.dumps(counts))
    return path


def read_tar(path: Path) -> dict[str, bytes]:
    """Return the payloads of an archive by name, as tarfile reads it."""
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def read_shards(folder: Path) -> list[dict[str, Any]]:
    """Return the samples of the shards in ``folder`` as webdataset gives them to training."""
    paths = [str(path) for path in sorted(folder.glob("*.tar"))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # webdataset leaves its files open
        samples = list(webdataset.WebDataset(paths, shardshuffle=False)) if paths else []
        gc.collect()
    return [{**sample, "json": json.loads(sample["json"])} for sample in samples]


def tree_bytes(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below ``folder``, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def reasons_of(run: Path) -> dict[str, str]:
    """Return the reason of every rejection of a run, by source and key."""
    tables = [pq.read_table(path) for path in sorted((run / "rejections").glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    reasons = {f"{row['shard']}:{row['key']}": row["reason"] for row in rows}
    assert len(reasons) == len(rows)
    return reasons
