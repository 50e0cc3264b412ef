"""``seed -> shards``: the demo's data set, pictures of known scenes with captions that say little.

The files are img2dataset's, to the name and the type. Most captions leave out most of what the
picture shows, some say all of it; among a hundred pairs one has no caption and one only a file's
name, and the last pair repeats the first.
"""

import hashlib
import io
import json
import math
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from ..schemas.pair import derive_uid
from .describe import describe_scene, sparse_caption
from .render import scene_jpeg
from .scene import Scene, sample_scene, scene_facts

PICTURE_SIZE = 192

_FIRST_SEED = 1 << 32  # smaller ones are left to training: the demo's scenes are unseen
_SHARD_DIGITS = 5
_COLUMNS = pa.schema(
    [
        ("scene", pa.int64()),
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


@dataclass(frozen=True, slots=True)
class DemoPair:
    """A scene by its number, and what its raw caption says of it."""

    number: int
    scene: Scene
    caption: str | None

    @property
    def url(self) -> str:
        return f"https://example.invalid/scene/{self.number:06d}.jpg"


def demo_pairs(pairs: int, seed: int) -> Iterator[DemoPair]:
    """The data set before it is drawn: a pure function of its arguments."""
    for position in range(pairs):
        number = 0 if position == pairs - 1 else position
        scene = sample_scene(_FIRST_SEED + seed, number)
        yield DemoPair(number, scene, _raw_caption(scene, number, Random(f"raw {seed} {number}")))


def write_demo_shards(folder: Path, pairs: int, seed: int, shard_size: int) -> None:
    """Write the shards into ``folder``, and every scene's facts into ``truth.jsonl`` beside it.

    The same arguments give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    everything = list(demo_pairs(pairs, seed))
    for shard, start in enumerate(range(0, pairs, shard_size)):
        _write_shard(folder, shard, everything[start : start + shard_size], shard_size)
    lines = [json.dumps(_truth(pair)) + "\n" for pair in everything]
    (folder.parent / "truth.jsonl").write_text("".join(lines), encoding="utf-8")


def _raw_caption(scene: Scene, number: int, rng: Random) -> str | None:
    if number % 100 == 42:
        return None
    if number % 100 == 77:
        return f"IMG_{number:04d}.JPG"
    if rng.random() < 0.1:
        return describe_scene(scene, rng)
    return sparse_caption(scene, rng, rng.uniform(0.64, 0.92))[0]


def _truth(pair: DemoPair) -> dict[str, object]:
    facts = scene_facts(pair.scene)
    return {
        "uid": derive_uid(pair.url, "", "", pair.caption),
        "objects": facts.objects,
        "attributes": facts.attributes,
        "relations": facts.relations,
    }


def _write_shard(folder: Path, shard: int, pairs: list[DemoPair], shard_size: int) -> None:
    name = f"{shard:0{_SHARD_DIGITS}d}"
    digits = math.ceil(math.log10(shard_size))
    rows = []
    with tarfile.open(folder / f"{name}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for position, pair in enumerate(pairs):
            key = f"{shard * 10**digits + position:0{digits + _SHARD_DIGITS}d}"
            jpeg = scene_jpeg(pair.scene, PICTURE_SIZE)
            row = _row(pair, key, jpeg)
            rows.append(row)
            _add(tar, f"{key}.jpg", jpeg)
            _add(tar, f"{key}.json", json.dumps(row, indent=4).encode())
            _add(tar, f"{key}.txt", (pair.caption or "").encode())
    pq.write_table(pa.Table.from_pylist(rows, schema=_COLUMNS), folder / f"{name}.parquet")
    (folder / f"{name}_stats.json").write_text(json.dumps(_stats(len(rows)), indent=4))


def _row(pair: DemoPair, key: str, jpeg: bytes) -> dict[str, object]:
    return {
        "scene": pair.number,
        "caption": pair.caption,
        "url": pair.url,
        "key": key,
        "status": "success",
        "error_message": None,
        "width": PICTURE_SIZE,
        "height": PICTURE_SIZE,
        "original_width": PICTURE_SIZE,
        "original_height": PICTURE_SIZE,
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
