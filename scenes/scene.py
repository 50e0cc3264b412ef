"""``seed, index -> Scene``: pictures of which every fact is known, for the demo and its captioner.

A scene holds one to three objects of distinct shapes on a plain ground. They are listed in reading
order, and each is either left of the next one or above it, aligned and with a clear gap between
them: so every relation that a caption may name can be read off the picture, and no other.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..schemas.facts import Attribute, Facts, Relation

SHAPES = (
    "arrow",
    "circle",
    "cross",
    "diamond",
    "heart",
    "moon",
    "rectangle",
    "square",
    "star",
    "triangle",
)
SIZES = ("small", "large")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
TEXTURES = ("plain", "striped", "dotted", "checkered")
LEFT_OF, ABOVE = "at the left of", "above"

RADII = {"small": 0.098, "large": 0.14}
"""Half the extent of an object, as a share of the picture's side."""

_JITTER = 0.008
_MARGIN = 0.01
_GAP = 0.025


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One object; centre and radius in shares of the picture's side, y downwards."""

    shape: str
    size: str
    colour: str
    texture: str
    x: float
    y: float
    radius: float

    @property
    def attributes(self) -> tuple[str, str, str]:
        return (self.size, self.texture, self.colour)


@dataclass(frozen=True, slots=True)
class Scene:
    """Objects in reading order, the predicate from each to the next, and a seed for the rest.

    ``look`` decides what no caption speaks of: the ground, the noise, where a pattern starts.
    """

    objects: tuple[SceneObject, ...]
    predicates: tuple[str, ...]
    look: int


def sample_scene(seed: int, index: int) -> Scene:
    """The scene with this number: a pure function of its arguments."""
    rng = random.Random(f"scene {seed} {index}")
    count = rng.choices((1, 2, 3), weights=(2, 4, 4))[0]
    predicates = tuple(rng.choice((LEFT_OF, ABOVE)) for _ in range(count - 1))
    shapes = rng.sample(SHAPES, count)
    sizes = [rng.choice(SIZES) for _ in range(count)]
    radii = [RADII[size] * rng.uniform(0.96, 1.04) for size in sizes]
    centres = _place(rng, radii, predicates)
    objects = tuple(
        SceneObject(shape, size, rng.choice(COLOURS), rng.choice(TEXTURES), x, y, radius)
        for shape, size, radius, (x, y) in zip(shapes, sizes, radii, centres, strict=True)
    )
    return Scene(objects, predicates, rng.getrandbits(32))


def scene_facts(scene: Scene) -> Facts:
    """All that a caption can truly say of the scene, in canonical form."""
    shapes = tuple(item.shape for item in scene.objects)
    return Facts(
        objects=shapes,
        attributes=tuple(
            Attribute(item.shape, word) for item in scene.objects for word in item.attributes
        ),
        relations=tuple(map(Relation, shapes, scene.predicates, shapes[1:])),
    )


def _place(
    rng: random.Random, radii: Sequence[float], predicates: Sequence[str]
) -> list[tuple[float, float]]:
    """Centres on a grid that steps right or down from each object to the next."""
    columns = list(accumulate((step == LEFT_OF for step in predicates), initial=0))
    rows = list(accumulate((step == ABOVE for step in predicates), initial=0))
    xs, ys = _spread(rng, radii, columns), _spread(rng, radii, rows)

    def near(centre: float) -> float:
        return centre + rng.uniform(-_JITTER, _JITTER)

    return [(near(xs[column]), near(ys[row])) for column, row in zip(columns, rows, strict=True)]


def _spread(rng: random.Random, radii: Sequence[float], tracks: Sequence[int]) -> list[float]:
    """The middle of each track, as wide as its widest object, the rest of the side shared out."""
    widths = [
        2 * (_JITTER + max(r for r, track in zip(radii, tracks, strict=True) if track == number))
        for number in range(max(tracks) + 1)
    ]
    free = 1.0 - 2 * _MARGIN - _GAP * (len(widths) - 1) - sum(widths)
    cuts = sorted(rng.uniform(0.0, free) for _ in widths)
    before = accumulate((width + _GAP for width in widths), initial=_MARGIN)
    return [
        start + cut + width / 2 for cut, start, width in zip(cuts, before, widths, strict=False)
    ]
