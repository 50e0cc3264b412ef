"""Shards to measure with: pictures of 20 to 60 kB, each file different, in img2dataset's layout."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageFilter

from evenpair.schemas.tar import END_OF_ARCHIVE, RECORD
from evenpair.schemas.tar_header import make_header, padding

_SIDES = (256, 288, 320, 352, 384)
_QUALITIES = (80, 85, 90)


def pictures(count: int = 30) -> list[bytes]:
    """Return JPEGs of soft noise, between 20 and 60 kB each."""
    random = np.random.default_rng(7)
    found: list[bytes] = []
    while len(found) < count:
        side = int(random.choice(_SIDES))
        pixels = random.integers(0, 256, (side, side, 3), np.uint8)
        stream = io.BytesIO()
        picture = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.7))
        picture.save(stream, "JPEG", quality=int(random.choice(_QUALITIES)))
        if 20_000 <= stream.tell() <= 60_000:
            found.append(stream.getvalue())
    return found


def with_number(picture: bytes, number: int) -> bytes:
    """Return the same picture with a comment in it, so that no two files are alike."""
    return picture[:2] + b"\xff\xfe\x00\x0a" + b"%08d" % number + picture[2:]


def make_shards(folder: Path, samples: int, shard_size: int) -> list[Path]:
    """Make shards in ``folder``, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    base = pictures()
    paths = []
    for start in range(0, samples, shard_size):
        path = folder / f"{start // shard_size:05d}.tar"
        if not path.with_name(f"{path.stem}_stats.json").exists():
            _make_shard(path, range(start, min(start + shard_size, samples)), base)
        paths.append(path)
    return paths


def _make_shard(path: Path, numbers: range, base: list[bytes]) -> None:
    rows = []
    with path.open("wb") as file:
        for number in numbers:
            row = _row(number)
            rows.append(row)
            members = {
                "jpg": with_number(base[number % len(base)], number),
                "json": json.dumps(row, indent=4).encode(),
                "txt": str(row["caption"]).encode(),
            }
            for name, payload in members.items():
                file.write(make_header(f"{row['key']}.{name}", len(payload)))
                file.write(payload + bytes(padding(len(payload))))
        file.write(END_OF_ARCHIVE)
        file.write(bytes(-file.tell() % RECORD))
    pq.write_table(pa.Table.from_pylist(rows), path.with_suffix(".parquet"))
    stats = {"count": len(rows), "successes": len(rows)}
    path.with_name(f"{path.stem}_stats.json").write_text(json.dumps(stats))


_THINGS = ("dog", "cat", "boat", "table", "red car", "old man", "white house", "wooden chair")
_PLACES = ("on a beach", "in a park", "near a tree", "behind a fence", "under the sky")


def _row(number: int) -> dict[str, object]:
    caption = f"a {_THINGS[number % 8]} {_PLACES[number % 5]} beside {number % 97} people"
    return {
        "caption": caption,
        "url": f"https://example.invalid/{number}.jpg",
        "key": f"{number:09d}",
        "status": "success",
        "error_message": None,
        "width": 256,
        "height": 256,
        "original_width": 512,
        "original_height": 512,
        "exif": "{}",
        "sha256": f"{number:064x}",
    }
