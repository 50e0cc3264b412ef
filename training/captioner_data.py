"""``seed, index -> training example``: a rendered scene, its description, what each patch shows."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from transformers import BertTokenizerFast

from ..scenes.describe import describe_scene
from ..scenes.render import scene_jpeg
from ..scenes.scene import (
    ABOVE,
    COLOURS,
    LEFT_OF,
    SHAPES,
    SIZES,
    TEXTURES,
    Scene,
    SceneObject,
    sample_scene,
)
from .captioner_config import CaptionerConfig

PATCH_CLASSES = (len(SHAPES), len(SIZES), len(TEXTURES), len(COLOURS), 3, 3)
"""How many there are of each thing that is told of a patch with an object: its shape, size, texture
and colour, its place in the reading order, and the relation to the next object (or none)."""
GROUND = (-100,) * len(PATCH_CLASSES)
"""The classes of a patch without an object: a loss passes over them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples stacked.

    ``pixels`` is uint8 (n, 3, side, side), ``tokens`` int64 (n, length) and 0 where padded,
    ``patches`` int64 (n, patches, 6).
    """

    pixels: Tensor
    tokens: Tensor
    patches: Tensor


class SceneBatches(Dataset[Batch]):
    """Batch by number, so that any number of workers gives the same order."""

    def __init__(self, config: CaptionerConfig, tokenizer: BertTokenizerFast) -> None:
        self._config = config
        self._tokenizer = tokenizer

    def __len__(self) -> int:
        return self._config.scenes // self._config.batch_size

    def __getitem__(self, number: int) -> Batch:
        config = self._config
        start = number * config.batch_size
        indexes = range(start, start + config.batch_size)
        scenes = [sample_scene(config.seed, index) for index in indexes]
        rngs = [Random(f"example {config.seed} {index}") for index in indexes]
        texts = [describe_scene(scene, rng) for scene, rng in zip(scenes, rngs, strict=True)]
        images = [
            scene_pixels(scene, config.image_size, rng.randint(85, 97))
            for scene, rng in zip(scenes, rngs, strict=True)
        ]
        tokens = self._tokenizer(texts, padding=True, return_tensors="pt")["input_ids"]
        side = config.image_size // config.patch_size
        return Batch(
            torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(),
            tokens,
            torch.tensor([patch_classes(scene, side) for scene in scenes]),
        )


def scene_pixels(scene: Scene, side: int, quality: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """What the processor makes of the scene's JPEG, before it scales the values."""
    picture = Image.open(io.BytesIO(scene_jpeg(scene, quality=quality)))
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC))


def patch_classes(scene: Scene, side: int) -> list[tuple[int, ...]]:
    """For each of the ``side * side`` patches, row by row, what the object at its middle is."""
    classes = [_object_classes(scene, number) for number in range(len(scene.objects))]
    middles = [(number + 0.5) / side for number in range(side)]
    found = [_object_at(scene.objects, x, y, 0.5 / side) for y in middles for x in middles]
    return [GROUND if number is None else classes[number] for number in found]


def _object_classes(scene: Scene, number: int) -> tuple[int, ...]:
    item = scene.objects[number]
    return (
        SHAPES.index(item.shape),
        SIZES.index(item.size),
        TEXTURES.index(item.texture),
        COLOURS.index(item.colour),
        number,
        ("", LEFT_OF, ABOVE).index((*scene.predicates, "")[number]),
    )


def _object_at(objects: Sequence[SceneObject], x: float, y: float, slack: float) -> int | None:
    """The object that covers most of a patch of which this is the middle."""
    for number, item in enumerate(objects):
        if max(abs(item.x - x), abs(item.y - y)) < max(item.radius - slack / 2, slack):
            return number
    return None
