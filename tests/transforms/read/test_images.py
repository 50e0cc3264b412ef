"""Faults of an image: by its signature and size, and by decoding it."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from evenpair.schemas.fault import Fault
from evenpair.transforms.read import decode_image as decoding
from evenpair.transforms.read.check_image import image_fault
from evenpair.transforms.read.decode_image import ImageFaultError, decode_image

from ...support.shards import make_jpeg


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


PICTURE = Image.radial_gradient("L").resize((20, 12)).convert("RGB")
ENCODED = {kind: encoded(PICTURE, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")}


@pytest.mark.parametrize("kind", list(ENCODED))
def test_a_whole_image_has_no_fault(kind):
    assert image_fault(ENCODED[kind]) is None
    decoded = decode_image(ENCODED[kind])
    assert (decoded.mode, decoded.size) == ("RGB", (20, 12))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "0 bytes"),
        (b"\xff\xd8\xff", "3 bytes"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "b'<!DOCTYP'"),
        (ENCODED["WEBP"][:-1], str(len(ENCODED["WEBP"]) - 1)),
        (b"RIFF" + bytes(40), "b'RIFF"),
    ],
)
def test_bytes_without_the_signature_or_size_of_an_image_have_a_fault(content, fault):
    assert fault in image_fault(content)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Fault.UNDECODABLE_IMAGE),
        (b"not an image, but long enough to be one", Fault.UNDECODABLE_IMAGE),
        (ENCODED["JPEG"][:-40], Fault.UNDECODABLE_IMAGE),
        (ENCODED["PNG"][:60], Fault.UNDECODABLE_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", Fault.UNDECODABLE_IMAGE),
        (encoded(PICTURE, "PPM"), Fault.UNDECODABLE_IMAGE),
        (encoded(Image.new("1", (10_001, 10_000)), "PNG"), Fault.IMAGE_TOO_LARGE),
        (encoded(Image.new("1", (14_000, 14_000)), "PNG"), Fault.IMAGE_TOO_LARGE),
    ],
)
def test_an_image_that_cannot_be_decoded_has_a_fault(content, fault):
    with pytest.raises(ImageFaultError) as raised:
        decode_image(content)
    assert raised.value.fault is fault
    assert str(raised.value)


def test_the_limit_is_the_largest_number_of_pixels_that_is_decoded(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 20 * 12)
    assert mode_or_fault(ENCODED["PNG"]) == "RGB"
    monkeypatch.setattr(decoding, "MAX_PIXELS", 20 * 12 - 1)
    assert mode_or_fault(ENCODED["PNG"]) is Fault.IMAGE_TOO_LARGE


@pytest.mark.parametrize("error", [RuntimeError("x"), struct.error("x"), KeyError(7), TypeError()])
def test_any_error_of_a_decoder_is_a_fault(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(Image, "open", fail)
    assert mode_or_fault(make_jpeg(0)) is Fault.UNDECODABLE_IMAGE


def mode_or_fault(content):
    try:
        return decode_image(content).mode
    except ImageFaultError as error:
        return error.fault


@given(
    kind=st.sampled_from(sorted(ENCODED)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=8)), max_size=6),
    cut=st.integers(1, 2000),
)
def test_damaged_bytes_are_decoded_or_have_a_fault(kind, changes, cut):
    content = bytearray(ENCODED[kind])
    for at, changed in changes:
        content[at : at + len(changed)] = changed
    assert mode_or_fault(bytes(content[:cut])) in ("RGB", *Fault)


def test_an_image_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(encoded(PICTURE, "JPEG", exif=exif)).size == (12, 20)


def test_transparent_pixels_become_white():
    glass = Image.new("RGBA", (2, 2), (255, 0, 0, 0))
    assert decode_image(encoded(glass, "PNG")).getpixel((0, 0)) == (255, 255, 255)


def filled(mode, *value):
    return Image.new(mode, (4, 4), value if len(value) > 1 else value[0])


def palette(colour, **options):
    return encoded(filled("RGB", *colour).quantize(4), "PNG", **options)


@pytest.mark.parametrize(
    ("content", "pixel"),
    [
        (encoded(filled("CMYK", 0, 255, 255, 0), "JPEG", quality=100), (254, 0, 0)),
        (encoded(filled("CMYK", 0, 0, 0, 255), "TIFF"), (0, 0, 0)),
        (palette((0, 0, 255)), (0, 0, 255)),
        (palette((0, 0, 255), transparency=0), (255, 255, 255)),
        (encoded(filled("1", 1), "PNG"), (255, 255, 255)),
        (encoded(filled("LA", 9, 0), "PNG"), (255, 255, 255)),
        (encoded(filled("I;16", 0x8000), "PNG"), (128, 128, 128)),
        (encoded(filled("I", 0x4000), "TIFF"), (64, 64, 64)),
        (encoded(filled("F", 0.5), "TIFF"), (127, 127, 127)),
        (encoded(filled("LAB", 255, 128, 128), "TIFF"), (255, 255, 255)),
    ],
)
def test_other_colour_modes_become_rgb(content, pixel):
    decoded = decode_image(content)
    assert decoded.mode == "RGB"
    assert decoded.getpixel((1, 1)) == pytest.approx(pixel, abs=1)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_is_decoded_to_its_first_frame(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert decode_image(content).getpixel((0, 0)) == (255, 0, 0)


def test_pictures_of_these_tests_differ():
    assert len({make_jpeg(number) for number in range(64)}) == 64
