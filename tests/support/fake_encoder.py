"""An encoder without a model: a picture is its width, a text its length."""

import io

import numpy as np
from PIL import Image

from evenpair.transforms.embed.encoder import EncoderId, Modality

BOTH = EncoderId(Modality.BOTH, "m", "1")


def unit_vector(angle):
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


class FakeEncoder:
    """Encodes a picture by its width and a text by its length; fails on batches over a size."""

    def __init__(self, encoder_id=BOTH, most=10**6, fails_on=()):
        self.encoder_id, self.batch_size = encoder_id, 4
        self._most, self._fails_on = most, set(fails_on)
        self.images, self.texts = [], []

    def prepare(self, images):
        return [image.width for image in images]

    def encode_images(self, prepared):
        return self._encode(prepared, self.images)

    def encode_texts(self, texts):
        self._encode(texts, self.texts)
        return [unit_vector(len(text)) for text in texts]

    def _encode(self, asked, noted):
        if len(asked) > self._most:
            raise MemoryError
        if self._fails_on & set(asked):
            raise ValueError("the model fails on it")
        noted += asked
        return [unit_vector(one) for one in asked if isinstance(one, int)]


def png(width):
    stream = io.BytesIO()
    Image.new("L", (width, 1)).save(stream, "PNG")
    return stream.getvalue()
