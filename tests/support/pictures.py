"""Pictures that models can tell apart."""

from PIL import Image


def picture(number: int) -> Image.Image:
    """Return a picture of another shape and colour for each number."""
    size = (20 + number * 7 % 41, 18 + number * 11 % 37)
    rings = Image.radial_gradient("L").rotate(number * 37).resize(size).convert("RGB")
    ground = Image.new("RGB", size, tuple(number * step % 255 for step in (40, 90, 130)))
    return Image.blend(rings, ground, 0.6)
