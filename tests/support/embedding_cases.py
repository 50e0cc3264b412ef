"""Small sets of embeddings with what is hard in them: several texts, equal texts, a gap, labels."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    image: np.ndarray
    text: np.ndarray
    text_to_image: np.ndarray
    object: np.ndarray
    attribute: np.ndarray


def random_case(images=40, texts=40, dimensions=12, seed=0, repeated=0):
    """Vectors without structure; each image has a text, and the texts left over have any image."""
    draw = np.random.default_rng(seed)
    matches = np.concatenate([np.arange(images), draw.integers(images, size=texts - images)])
    text = draw.normal(size=(texts, dimensions))
    text[:repeated] = text[repeated : 2 * repeated]
    return Case(
        draw.normal(size=(images, dimensions)),
        text,
        draw.permutation(matches),
        draw.integers(5, size=images),
        draw.integers(3, size=images),
    )


def structured_case(seed=0, images=60, each=2, dimensions=16, apart=0.7):
    """Two cones: objects shape both, attributes shape texts less, texts of a class are equal."""
    draw = np.random.default_rng(seed)
    objects, attributes = draw.integers(6, size=images), draw.integers(4, size=images)
    of_object, of_attribute = draw.normal(size=(6, dimensions)), draw.normal(size=(4, dimensions))
    centre = of_object[objects] + 0.5 * of_attribute[attributes]
    matches = np.repeat(np.arange(images), each)
    text = of_object[objects[matches]] + 0.1 * of_attribute[attributes[matches]]
    text[1::2] += 0.3 * draw.normal(size=text[1::2].shape)
    shift = draw.normal(size=dimensions) * apart
    image = centre + 0.3 * draw.normal(size=centre.shape)
    return Case(image + shift, text - shift, matches, objects, attributes)


CASES = {
    "random": random_case(),
    "several texts": random_case(texts=100, seed=1),
    "equal texts": random_case(texts=60, seed=2, repeated=15),
    "structured": structured_case(),
    "one cone": structured_case(seed=3, apart=0.0, each=1),
}
