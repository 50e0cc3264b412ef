"""The bytes of an image file -> its pixels, or the fault that it has."""

import io
import warnings
from functools import cache

from PIL import Image, ImageOps, UnidentifiedImageError

from ..schemas.fault import Fault

MAX_PIXELS = 100_000_000

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


class ImageFaultError(ValueError):
    """An image that cannot be used; ``fault`` names why."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


def decode_image(content: bytes) -> Image.Image:
    """Return the upright RGB image in ``content``; of an animation, its first frame.

    Raises ImageFaultError if there is no whole image, or one of more than 100 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=_formats())
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height} pixels"
                raise ImageFaultError(Fault.IMAGE_TOO_LARGE, size)
            return _on_white(ImageOps.exif_transpose(image))
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


def _on_white(image: Image.Image) -> Image.Image:
    """Return ``image`` in RGB, what is transparent in it white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")
