"""``seed, index -> Item``: single objects with five attributes of known bits, for the experiment.

As the digits of "Two Effects, One Trigger" (Schrodi et al., ICLR 2025): every value of a factor is
equally likely and independent of all others, so that a picture shows the sum of its factors' bits,
and a caption leaves out those of the factors that it does not name.
"""

import math
import random
from dataclasses import dataclass

from ..schemas.facts import Attribute, Facts
from .scene import COLOURS, SHAPES, SIZES, TEXTURES, SceneObject

SHAPE = "shape"
FACTORS: dict[str, tuple[str, ...]] = {
    "size": SIZES,
    "fill": ("massive", "hollow"),
    "edge": ("smooth", "jagged"),
    "texture": TEXTURES,
    "colour": COLOURS,
    SHAPE: SHAPES,
}
"""What an item can look like, in the order in which people say it."""

ATTRIBUTES = tuple(factor for factor in FACTORS if factor != SHAPE)
BITS = {factor: math.log2(len(values)) for factor, values in FACTORS.items()}
ALL_BITS = sum(BITS.values())
RADII = {"small": 0.19, "large": 0.31}
"""Half the extent of an item, as a share of the picture's side."""
UNNAMED = "shape"
"""The object of a caption that does not name it."""

_ROOM = 0.03


@dataclass(frozen=True, slots=True)
class Item:
    """One object: the value of each factor, and a seed for what no caption speaks of."""

    values: tuple[str, ...]
    look: int
    """Decides the place, the ground, the noise, and where a pattern starts."""

    @property
    def factors(self) -> dict[str, str]:
        return dict(zip(FACTORS, self.values, strict=True))

    @property
    def drawn(self) -> SceneObject:
        """What is drawn, at its place."""
        factors, rng = self.factors, random.Random(f"place {self.look}")
        radius = RADII[factors["size"]] * rng.uniform(0.96, 1.04)
        room = 1.1 * radius + _ROOM
        x, y = rng.uniform(room, 1 - room), rng.uniform(room, 1 - room)
        looks = factors[SHAPE], factors["size"], factors["colour"], factors["texture"]
        return SceneObject(*looks, x, y, radius)


def sample_item(seed: int, index: int, look: int | None = None) -> Item:
    """The item with this number: a pure function of its arguments. ``look`` draws it otherwise."""
    rng = random.Random(f"item {seed} {index}")
    values = tuple(rng.choice(values) for values in FACTORS.values())
    own = rng.getrandbits(32)
    return Item(values, own if look is None else look)


def item_facts(item: Item, named: tuple[str, ...] = tuple(FACTORS)) -> Facts:
    """What a caption states that names these factors, in canonical form."""
    factors = item.factors
    noun = factors[SHAPE] if SHAPE in named else UNNAMED
    words = [factors[factor] for factor in FACTORS if factor in named and factor != SHAPE]
    return Facts((noun,), tuple(Attribute(noun, word) for word in words), ())


def bits_left_out(named: tuple[str, ...]) -> float:
    """The bits of the factors that a caption does not name."""
    return sum(bits for factor, bits in BITS.items() if factor not in named)
