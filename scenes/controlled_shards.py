"""Controlled data sets -> shards, with what each picture shows in ``truth.jsonl``.

- ``ladder``: every caption names one factor always, and k of the other five.
- ``mixture``: poor, rich, padded and mismatched captions, for filtering.
- ``near_duplicates``: several pictures of the same facts, for soft targets.
"""

import io
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import pyarrow as pa
from PIL import Image

from ..schemas.pair import derive_uid
from .controlled import ALL_BITS, SHAPE, Item, bits_left_out, item_facts, sample_item
from .controlled_captions import describe_item, draw_named, pad
from .render import draw_ground, draw_object
from .write_shards import DrawnSample, write_shards

SIDE = 64
PERIOD = 0.1
"""Of a pattern, as a share of the picture's side: coarse enough for ``SIDE``."""
MOST_NAMED = 5
_FIELDS = [("item", pa.int64()), ("captions", pa.list_(pa.string()))]


class Kind(StrEnum):
    """How a caption of a mixture relates to its picture."""

    PLAIN = "plain"
    POOR = "poor"
    RICH = "rich"
    PADDED = "padded"
    MISMATCHED = "mismatched"


MIXTURE = {Kind.POOR: 0.25, Kind.RICH: 0.25, Kind.PADDED: 0.25, Kind.MISMATCHED: 0.25}


@dataclass(frozen=True, slots=True)
class ControlledPair:
    """An item, what its captions say of it, and how they came about."""

    data_set: str
    number: int
    item: Item
    captions: tuple[str, ...]
    """The first is the pair's own; the others name factors drawn anew."""
    named: tuple[str, ...]
    """The factors that the first caption names truly."""
    kind: Kind = Kind.PLAIN
    group: int = 0
    """Pairs of one group show the same facts."""

    @property
    def url(self) -> str:
        return f"https://example.invalid/{self.data_set}/{self.number:07d}.jpg"


def ladder(
    pairs: int, seed: int, named: int, always: str = SHAPE, captions: int = 1
) -> Iterator[ControlledPair]:
    """Yield pairs whose captions name ``always`` and ``named`` of the other five factors.

    Pictures depend on the seed alone, so that sets of one seed differ in their captions only.
    """
    for number in range(pairs):
        rng = random.Random(f"ladder {seed} {number} {named} {always}")
        item = sample_item(seed, number)
        factors = [draw_named(rng, named, always) for _ in range(captions)]
        texts = tuple(describe_item(item, each, rng) for each in factors)
        name = f"ladder-{seed}-{named}-{always}"
        yield ControlledPair(name, number, item, texts, factors[0], group=number)


def mixture(
    pairs: int, seed: int, shares: Mapping[Kind, float] = MIXTURE
) -> Iterator[ControlledPair]:
    """Yield pairs of several kinds, drawn by their shares.

    Poor captions name the shape and at most one factor more, rich ones leave out at most one;
    padded ones are poor, and long; mismatched ones are rich, and of another item.
    """
    kinds, weights = list(shares), list(shares.values())
    for number in range(pairs):
        rng = random.Random(f"mixture {seed} {number}")
        item, (kind,) = sample_item(seed, number), rng.choices(kinds, weights)
        is_rich = kind in (Kind.RICH, Kind.MISMATCHED)
        named = draw_named(rng, rng.randint(4, 5) if is_rich else rng.randint(0, 1))
        described = sample_item(seed, pairs + number) if kind is Kind.MISMATCHED else item
        text = describe_item(described, named, rng)
        if kind is Kind.PADDED:
            text = pad(text, rng)
        true = tuple(f for f in named if described.factors[f] == item.factors[f])
        yield ControlledPair(f"mixture-{seed}", number, item, (text,), true, kind, number)


def near_duplicates(
    pairs: int, seed: int, named: int, copies: int, always: str = SHAPE
) -> Iterator[ControlledPair]:
    """Yield groups of ``copies`` pairs that show the same facts, each otherwise drawn and said."""
    for number in range(pairs):
        group = number // copies
        rng = random.Random(f"copy {seed} {number} {named} {always}")
        item = sample_item(seed, group, look=random.Random(f"look {seed} {number}").getrandbits(32))
        factors = draw_named(rng, named, always)
        text = describe_item(item, factors, rng)
        name = f"copies-{seed}-{named}-{always}-{copies}"
        yield ControlledPair(name, number, item, (text,), factors, group=group)


def item_jpeg(item: Item, side: int = SIDE, quality: int = 95) -> bytes:
    """The item as a JPEG file of ``side`` by ``side`` pixels: the same item, the same bytes."""
    file = io.BytesIO()
    render_item(item, side).save(file, "JPEG", quality=quality)
    return file.getvalue()


def render_item(item: Item, side: int = SIDE) -> Image.Image:
    """The item as an RGB picture."""
    rng, factors = random.Random(item.look), item.factors
    picture = draw_ground(rng, side)
    jagged, hollow = factors["edge"] == "jagged", factors["fill"] == "hollow"
    draw_object(picture, item.drawn, rng, period=PERIOD, jagged=jagged, hollow=hollow)
    return picture


def write_controlled_shards(
    folder: Path, pairs: Iterable[ControlledPair], shard_size: int, side: int = SIDE
) -> None:
    """Write shards into ``folder``, and what each picture shows into ``truth.jsonl`` beside it.

    The JSON of a pair with several captions has them in ``captions``.
    """
    everything: Sequence[ControlledPair] = list(pairs)
    write_shards(folder, (_sample(pair, side) for pair in everything), shard_size, _FIELDS)
    lines = [json.dumps(_truth(pair)) + "\n" for pair in everything]
    (folder.parent / "truth.jsonl").write_text("".join(lines), encoding="utf-8")


def _sample(pair: ControlledPair, side: int) -> DrawnSample:
    several = list(pair.captions) if len(pair.captions) > 1 else None
    draw = partial(item_jpeg, pair.item, side)
    fields = {"item": pair.number, "captions": several}
    return DrawnSample(pair.url, pair.captions[0], side, draw, fields)


def _truth(pair: ControlledPair) -> dict[str, object]:
    facts = item_facts(pair.item)
    return {
        "uid": derive_uid(pair.url, "", "", pair.captions[0]),
        "objects": facts.objects,
        "attributes": facts.attributes,
        "relations": facts.relations,
        "factors": pair.item.factors,
        "named": pair.named,
        "kind": pair.kind,
        "group": pair.group,
        "bits": ALL_BITS,
        "bits_left_out": bits_left_out(pair.named),
    }
