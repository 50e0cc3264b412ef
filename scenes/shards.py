"""``seed -> shards``: the demo's data set, pictures of known scenes with captions that say little.

The files are img2dataset's, to the name and the type. Most captions leave out most of what the
picture shows, some say all of it; among a hundred pairs one has no caption and one only a file's
name, and the last pair repeats the first.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import pyarrow as pa

from ..schemas.pair import derive_uid
from .describe import describe_scene, sparse_caption
from .render import scene_jpeg
from .scene import Scene, sample_scene, scene_facts
from .write_shards import DrawnSample, write_shards

PICTURE_SIZE = 192

_FIRST_SEED = 1 << 32  # smaller ones are left to training: the demo's scenes are unseen
_FIELDS = [("scene", pa.int64())]


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
    everything = list(demo_pairs(pairs, seed))
    write_shards(folder, map(_sample, everything), shard_size, _FIELDS)
    lines = [json.dumps(_truth(pair)) + "\n" for pair in everything]
    (folder.parent / "truth.jsonl").write_text("".join(lines), encoding="utf-8")


def _sample(pair: DemoPair) -> DrawnSample:
    draw = partial(scene_jpeg, pair.scene, PICTURE_SIZE)
    return DrawnSample(pair.url, pair.caption, PICTURE_SIZE, draw, {"scene": pair.number})


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
