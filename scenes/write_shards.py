"""Drawn pictures with captions -> shards as img2dataset writes them, to the name and the type."""

import hashlib
import io
import json
import math
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_SHARD_DIGITS = 5
_COLUMNS = [
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


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """A picture that is yet to be drawn, its caption, and fields of the source's own."""

    url: str
    caption: str | None
    side: int
    draw: Callable[[], bytes]
    """Returns a JPEG file of ``side`` by ``side`` pixels."""
    fields: Mapping[str, Any] = field(default_factory=dict)


def write_shards(
    folder: Path,
    samples: Iterable[DrawnSample],
    shard_size: int,
    fields: Iterable[tuple[str, pa.DataType]],
) -> None:
    """Write shards of ``shard_size`` samples into ``folder``, whose own ``fields`` come first.

    The same samples give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([*fields, *_COLUMNS])
    remaining, number = iter(samples), 0
    while shard := list(islice(remaining, shard_size)):
        _write_shard(folder, number, shard, shard_size, schema)
        number += 1


def _write_shard(
    folder: Path, shard: int, samples: list[DrawnSample], shard_size: int, schema: pa.Schema
) -> None:
    name = f"{shard:0{_SHARD_DIGITS}d}"
    digits = math.ceil(math.log10(shard_size))
    rows = []
    with tarfile.open(folder / f"{name}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for position, sample in enumerate(samples):
            key = f"{shard * 10**digits + position:0{digits + _SHARD_DIGITS}d}"
            jpeg = sample.draw()
            row = _row(sample, key, jpeg)
            rows.append(row)
            _add(tar, f"{key}.jpg", jpeg)
            _add(tar, f"{key}.json", json.dumps(row, indent=4).encode())
            _add(tar, f"{key}.txt", (sample.caption or "").encode())
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / f"{name}.parquet")
    (folder / f"{name}_stats.json").write_text(json.dumps(_stats(len(rows)), indent=4))


def _row(sample: DrawnSample, key: str, jpeg: bytes) -> dict[str, object]:
    return {
        **sample.fields,
        "caption": sample.caption,
        "url": sample.url,
        "key": key,
        "status": "success",
        "error_message": None,
        "width": sample.side,
        "height": sample.side,
        "original_width": sample.side,
        "original_height": sample.side,
        "exif": "{}",
        "sha256": hashlib.sha256(jpeg).hexdigest(),
    }


def _stats(count: int) -> dict[str, object]:
    """The commit marker; its times are 0, so that the bytes repeat."""
    return {
        "count": count,
        "successes": count,
        "failed_to_download": 0,
        "failed_to_resize": 0,
        "duration": 0.0,
        "start_time": 0.0,
        "end_time": 0.0,
        "status_dict": {"success": count},
    }


def _add(tar: tarfile.TarFile, name: str, payload: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(payload), 0o444
    member.uname = member.gname = "bigdata"
    tar.addfile(member, io.BytesIO(payload))
