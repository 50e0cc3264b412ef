"""The bytes of an image file -> its pixels, or the fault that it has."""

import io
import threading
import warnings
from contextlib import nullcontext
from functools import cache

from PIL import Image, ImageOps, UnidentifiedImageError

from ...schemas.fault import Fault

MAX_PIXELS = 100_000_000

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


class ImageFaultError(ValueError):
    """An image that cannot be used; ``fault`` names why."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


_LARGE_PIXELS = 16_000_000
_ONE_LARGE_AT_A_TIME = threading.Lock()


def decode_image(content: bytes, max_side: int | None = None) -> Image.Image:
    """Return the upright RGB image in ``content``; of an animation, its first frame.

    A longer side of more than ``max_side`` pixels is made that long. Raises ImageFaultError if
    there is no whole image, or one of more than 100 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=_formats())
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height} pixels"
                raise ImageFaultError(Fault.IMAGE_TOO_LARGE, size)
            if max_side:
                image.draft("RGB", (max_side, max_side))
            large = image.width * image.height > _LARGE_PIXELS
            with _ONE_LARGE_AT_A_TIME if large else nullcontext():
                return _upright(image, max_side)
    except ImageFaultError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageFaultError(Fault.IMAGE_TOO_LARGE, str(error)) from error
    except UnidentifiedImageError as error:
        raise ImageFaultError(Fault.UNDECODABLE_IMAGE, "no image format is known") from error
    except Exception as error:  # what a decoder raises depends on the bytes it stumbles over
        raise ImageFaultError(Fault.UNDECODABLE_IMAGE, str(error)) from error


@cache
def _formats() -> list[str]:
    """Return what this Pillow reads of the web's formats; others, such as EPS, run programs."""
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def _upright(image: Image.Image, max_side: int | None) -> Image.Image:
    upright = _on_white(ImageOps.exif_transpose(image))
    if max_side:
        upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=None)
    return upright


def _on_white(image: Image.Image) -> Image.Image:
    """Return ``image`` in RGB with 8 bits a channel, what is transparent in it white."""
    if image.mode[0] in "IF":
        return _in_8_bits(image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Return a grey image of 16 or 32 bits in 8: integers are taken for 16 bits, floats for 0..1.

    A plain conversion would cut every value off at 255: all but black would be white.
    """
    scale = 255.0 if image.mode == "F" else 1 / 256
    return image.convert("F").point(lambda value: value * scale + 0.0).convert("L")
