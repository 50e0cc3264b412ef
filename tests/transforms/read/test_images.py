"""What is wrong with an image: told by its signature, and by decoding it."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from evenpair.schemas.fault import Fault
from evenpair.transforms.read.check_image import image_fault
from evenpair.transforms.read.decode_image import MAX_PIXELS, ImageFaultError, decode_image

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
        (b"", "only 0 bytes"),
        (b"\xff\xd8\xff", "only 3 bytes"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "it begins with b'<!DOCTYP', like no"),
        (ENCODED["WEBP"][:-1], "cut short: "),
        (b"RIFF" + bytes(40), "it begins with b'RIFF"),
    ],
)
def test_signature_and_size_tell_what_is_no_image(content, fault):
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
def test_what_cannot_be_decoded_has_a_fault(content, fault):
    with pytest.raises(ImageFaultError) as raised:
        decode_image(content)
    assert raised.value.fault is fault
    assert str(raised.value)


def test_just_below_the_limit_an_image_is_decoded():
    assert decode_image(encoded(Image.new("1", (10_000, 1)), "PNG")).size == (10_000, 1)
    assert MAX_PIXELS == 10_000 * 10_000


@pytest.mark.parametrize("error", [RuntimeError("x"), struct.error("x"), KeyError(7), TypeError()])
def test_whatever_a_decoder_raises_is_a_fault(monkeypatch, error):
    def stumble(*_, **__):
        raise error

    monkeypatch.setattr(Image, "open", stumble)
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


def test_what_is_transparent_becomes_white():
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
def test_exotic_modes_are_seen_as_they_look(content, pixel):
    decoded = decode_image(content)
    assert decoded.mode == "RGB"
    found = decoded.getpixel((1, 1))
    assert all(abs(a - b) <= 1 for a, b in zip(found, pixel, strict=True)), found


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    lossless = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert decode_image(content).getpixel((0, 0)) == (255, 0, 0)


def test_pictures_of_these_tests_differ():
    assert len({make_jpeg(number) for number in range(64)}) == 64
