"""The bytes of an image file -> its pixels, or the fault that it has."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from ..schemas.fault import Fault

MAX_PIXELS = 100_000_000


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
            image = Image.open(io.BytesIO(content))
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
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError) as error:
        raise ImageFaultError(Fault.UNDECODABLE_IMAGE, str(error)) from error


def _on_white(image: Image.Image) -> Image.Image:
    """Return ``image`` in RGB, what is transparent in it white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")
