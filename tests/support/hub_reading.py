"""Tables of the hub, read as the phases read them."""

import io

from PIL import Image

from evenpair.schemas.source import Source
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.read.stored_samples import read_stored

from .shards import make_jpeg

KEYS = [f"{row:09d}" for row in range(4)]


def source_of(path, image_col=""):
    return Source(0, "s", str(path), image_col)


def read(path, field="", choice="first", image_col=""):
    return read_captions(source_of(path, image_col), field, choice)


def samples_of(path, image_col=""):
    class _All:
        def __contains__(self, _key):
            return True

    return list(read_stored(source_of(path, image_col), _All()))


def images_of(path, image_col=""):
    return [(s.image_field, s.image and bytes(s.image)) for s in samples_of(path, image_col)]


def png(number):
    stream = io.BytesIO()
    Image.open(io.BytesIO(make_jpeg(number))).save(stream, "PNG")
    return stream.getvalue()
