"""``Scene -> picture``: drawn with anti-aliased edges, patterned fills and a noisy ground."""

import io
import math
import random
from bisect import bisect
from functools import cache
from itertools import accumulate, pairwise

from PIL import Image, ImageDraw

from .scene import Scene, SceneObject

_RGB = {
    "red": (225, 35, 40),
    "orange": (250, 140, 25),
    "yellow": (250, 225, 50),
    "green": (45, 165, 65),
    "blue": (45, 95, 220),
    "purple": (135, 55, 175),
    "pink": (250, 140, 190),
    "white": (250, 250, 250),
}
_INK = (25, 25, 30)
_FINE = 4  # objects are drawn this many times as large, then reduced
_PERIOD = 0.054  # of a pattern, as a share of the picture's side
_NOISE_SIDE = 256
_HOLE = 0.5  # the size of a hollow object's hole, as a share of its own
_TEETH, _BITE = 22, 0.2

Points = list[tuple[float, float]]


def render_scene(scene: Scene, size: int = 192) -> Image.Image:
    """The scene as an RGB picture of ``size`` by ``size``: the same scene, the same pixels."""
    rng = random.Random(scene.look)
    picture = draw_ground(rng, size)
    for item in scene.objects:
        draw_object(picture, item, rng)
    return picture


def scene_jpeg(scene: Scene, size: int = 192, quality: int = 92) -> bytes:
    """The picture as a JPEG file."""
    file = io.BytesIO()
    render_scene(scene, size).save(file, "JPEG", quality=quality)
    return file.getvalue()


def draw_ground(rng: random.Random, size: int) -> Image.Image:
    """A pale gradient from one corner to another, under a little noise."""
    base = [rng.randint(150, 205) for _ in range(3)]
    grey = sum(base) / 3
    start = tuple(round(grey + (value - grey) * 0.6) for value in base)
    stop = tuple(value + rng.randint(-20, 20) for value in start)
    ramp = Image.linear_gradient("L").resize((size, size)).rotate(90 * rng.randrange(4))
    ground = Image.composite(
        Image.new("RGB", (size, size), start), Image.new("RGB", (size, size), stop), ramp
    )
    return Image.blend(ground, _noise(rng, size), 0.04)


def _noise(rng: random.Random, size: int) -> Image.Image:
    x, y = rng.randrange(_NOISE_SIDE), rng.randrange(_NOISE_SIDE)
    tile = _noise_tile()
    field = Image.new("L", (size, size))
    for left in range(-x, size, _NOISE_SIDE):
        for top in range(-y, size, _NOISE_SIDE):
            field.paste(tile, (left, top))
    return Image.merge("RGB", (field, field, field))


@cache
def _noise_tile() -> Image.Image:
    pixels = random.Random("noise").randbytes(_NOISE_SIDE * _NOISE_SIDE)
    return Image.frombytes("L", (_NOISE_SIDE, _NOISE_SIDE), pixels)


def draw_object(
    picture: Image.Image,
    item: SceneObject,
    rng: random.Random,
    *,
    period: float = _PERIOD,
    jagged: bool = False,
    hollow: bool = False,
) -> None:
    """Draw the object on a canvas of its own, reduce it, and paste it through its outline.

    ``period`` is that of its pattern, as a share of the picture's side.
    """
    size = picture.width
    half = math.ceil(item.radius * size) + 2
    left, top = round(item.x * size) - half, round(item.y * size) - half
    side = 2 * half * _FINE
    fill = _RGB[item.colour]
    canvas = Image.new("RGB", (side, side), fill)
    draw = ImageDraw.Draw(canvas)
    shade = (int(fill[0] * 0.35), int(fill[1] * 0.35), int(fill[2] * 0.35))
    _PATTERNS[item.texture](draw, side, period * size * _FINE, shade, rng)
    reach = item.radius * size * _FINE
    turn = rng.uniform(-8, 8)
    outline = _jagged(_OUTLINES[item.shape]) if jagged else _OUTLINES[item.shape]
    mask = Image.new("L", (side, side))
    points = _turned(outline, turn, reach, side / 2)
    for line, inside in ((points, 255), (_hole(points), 0)) if hollow else ((points, 255),):
        ink = round(0.018 * size * _FINE)
        draw.line([*line, *line[:2]], fill=_INK, width=ink, joint="curve")
        ImageDraw.Draw(mask).polygon(line, fill=inside)
    picture.paste(canvas.reduce(_FINE), (left, top), mask.reduce(_FINE))


def _hole(outline: Points) -> Points:
    """A smaller outline of the same form, around the mean of its points."""
    x0, y0 = (sum(values) / len(outline) for values in zip(*outline, strict=True))
    return [(x0 + _HOLE * (x - x0), y0 + _HOLE * (y - y0)) for x, y in outline]


def _jagged(outline: Points) -> Points:
    """The same outline with teeth, equally far apart: every other point lies further inwards."""
    closed = [*outline, outline[0]]
    lengths = [math.dist(one, other) for one, other in pairwise(closed)]
    ends = list(accumulate(lengths, initial=0.0))
    points = []
    for number in range(2 * _TEETH):
        at = ends[-1] * number / (2 * _TEETH)
        side = bisect(ends, at) - 1
        share = (at - ends[side]) / lengths[side]
        (x, y), (x1, y1) = closed[side : side + 2]
        reach = 1 - _BITE * (number % 2)
        points.append((reach * (x + share * (x1 - x)), reach * (y + share * (y1 - y))))
    return points


def _turned(outline: Points, degrees: float, reach: float, centre: float) -> Points:
    turn = math.radians(degrees)
    cos, sin = math.cos(turn) * reach, math.sin(turn) * reach
    return [(centre + x * cos - y * sin, centre + x * sin + y * cos) for x, y in outline]


Shade = tuple[int, int, int]


def _plain(
    draw: ImageDraw.ImageDraw, side: int, period: float, shade: Shade, rng: random.Random
) -> None:
    pass


def _striped(
    draw: ImageDraw.ImageDraw, side: int, period: float, shade: Shade, rng: random.Random
) -> None:
    """Level, upright or slanting stripes, as wide as the gaps between them."""
    slant = rng.choice((0.0, 1.0, -1.0, None))
    step = period if not slant else period * math.sqrt(2)
    start = rng.random() * step - side
    for number in range(math.ceil(3 * side / step)):
        at = start + number * step
        if slant is None:
            ends = [(at, 0.0), (at, float(side))]
        else:
            ends = [(0.0, at), (float(side), at + slant * side)]
        draw.line(ends, fill=shade, width=round(period / 2))


def _dotted(
    draw: ImageDraw.ImageDraw, side: int, period: float, shade: Shade, rng: random.Random
) -> None:
    """Dots in rows, every other row set off by half a step."""
    radius = period * 0.27
    x0, y0 = rng.random() * period, rng.random() * period
    rows = math.ceil(side / period) + 1
    for row in range(-1, rows):
        for column in range(-1, rows):
            x = x0 + (column + row % 2 / 2) * period
            y = y0 + row * period * 0.87
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)


def _checkered(
    draw: ImageDraw.ImageDraw, side: int, period: float, shade: Shade, rng: random.Random
) -> None:
    cell = period * 0.6
    x0, y0 = rng.random() * cell, rng.random() * cell
    cells = math.ceil(side / cell) + 1
    for row in range(-1, cells):
        for column in range(-1 + (row + 1) % 2, cells, 2):
            x, y = x0 + column * cell, y0 + row * cell
            draw.rectangle((x, y, x + cell, y + cell), fill=shade)


def _round(turns: int, radius: float = 1.0, start: float = -90.0) -> Points:
    angles = [math.radians(start + 360 * step / turns) for step in range(turns)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _star() -> Points:
    outer, inner = _round(5, 1.08), _round(5, 0.56, -54.0)
    return [point for pair in zip(outer, inner, strict=True) for point in pair]


def _heart() -> Points:
    turns = [2 * math.pi * step / 48 for step in range(48)]
    return [
        (
            0.98 * math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 15
            - 0.12,
        )
        for t in turns
    ]


def _moon() -> Points:
    """A thick crescent: a disc less another that overlaps its right side."""
    outer = [(math.cos(a), math.sin(a)) for a in (math.radians(d) for d in range(50, 311, 10))]
    tip = outer[-1]
    bite = math.hypot(tip[0] - 1.0, tip[1])
    half = math.degrees(math.atan2(tip[1], tip[0] - 1.0))
    inner = [
        (1.0 + bite * math.cos(math.radians(d)), bite * math.sin(math.radians(d)))
        for d in [half - (360 + 2 * half) * step / 20 for step in range(1, 20)]
    ]
    return [(x + 0.1, y) for x, y in outer + inner]


_OUTLINES: dict[str, Points] = {
    "arrow": [
        (1, 0),
        (0.1, -0.95),
        (0.1, -0.45),
        (-1, -0.45),
        (-1, 0.45),
        (0.1, 0.45),
        (0.1, 0.95),
    ],
    "circle": _round(48),
    "cross": [
        *((-0.44, -1), (0.44, -1), (0.44, -0.44), (1, -0.44), (1, 0.44), (0.44, 0.44)),
        *((0.44, 1), (-0.44, 1), (-0.44, 0.44), (-1, 0.44), (-1, -0.44), (-0.44, -0.44)),
    ],
    "diamond": [(0, -1.08), (0.85, 0), (0, 1.08), (-0.85, 0)],
    "heart": _heart(),
    "moon": _moon(),
    "rectangle": [(-1, -0.62), (1, -0.62), (1, 0.62), (-1, 0.62)],
    "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
    "star": _star(),
    "triangle": [(0, -1), (1, 0.8), (-1, 0.8)],
}

_PATTERNS = {
    "plain": _plain,
    "striped": _striped,
    "dotted": _dotted,
    "checkered": _checkered,
}
