"""Every figure that ``evenpair measure`` gives: its name, what it means, and what is better."""

from dataclasses import dataclass, field
from typing import Literal

Better = Literal["lower", "higher", "nearer 0", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """What one figure means, in a few words."""

    name: str
    meaning: str
    better: Better = ""


GROUPS: dict[str, tuple[Figure, ...]] = {
    "Modality gap": (
        Figure("l2m", "distance of the mean image from the mean text", "lower"),
        Figure("l2i", "mean distance of an image from its text", "lower"),
        Figure("rmg", "that of a pair beside two random images or texts; 0.5 is as far", "lower"),
        Figure("centred_rmg", "the same with each modality's mean taken away", "lower"),
        Figure("separability", "how well a plane tells images from texts; 0.5 is not", "lower"),
        Figure("centred_separability", "the same with each modality's mean taken away", "lower"),
        Figure("neighbourhood_distance", "how differently both order classes; 0 alike", "lower"),
        Figure("neighbourhood_distance_random", "the same for classes in random order"),
    ),
    "Object bias": (
        Figure("moad_image", "objects shape images more (above 0) than attributes do", "nearer 0"),
        Figure("moad_text", "objects shape texts more (above 0) than attributes do", "nearer 0"),
        Figure("object_accuracy", "images nearest to a text of their object", "higher"),
        Figure("attribute_accuracy", "images nearest to a text of their attribute", "higher"),
        Figure("half_truth_accuracy", "true texts preferred to those with one error", "higher"),
    ),
    "Alignment and uniformity": (
        Figure("alignment", "mean squared distance of an image from its text", "lower"),
        Figure("uniformity_image", "how evenly images are spread; -4 is about even", "lower"),
        Figure("uniformity_text", "how evenly texts are spread", "lower"),
        Figure("cross_uniformity", "how far images are from texts of others", "lower"),
        Figure("v_measure", "clusters of images and texts together that are classes", "higher"),
    ),
    "Logits": (
        Figure("entropy_image_to_text", "nats of doubt which text is an image's", "lower"),
        Figure("entropy_text_to_image", "nats of doubt which image is a text's", "lower"),
        Figure("specificity", "a pair's similarity beyond what others have", "higher"),
    ),
    "Retrieval": (
        Figure("r1_image_to_text", "images with a text of theirs as the most similar", "higher"),
        Figure("r5_image_to_text", "... among the five most similar", "higher"),
        Figure("r10_image_to_text", "... among the ten most similar", "higher"),
        Figure("r1_text_to_image", "texts with their image as the most similar", "higher"),
        Figure("r5_text_to_image", "... among the five most similar", "higher"),
        Figure("r10_text_to_image", "... among the ten most similar", "higher"),
        Figure("hubness_skew", "texts that are neighbours of very many images", "lower"),
        Figure("anti_hubs", "texts that are no image's neighbour", "lower"),
        Figure("hubness_skew_image", "images that are neighbours of very many texts", "lower"),
        Figure("anti_hubs_image", "images that are no text's neighbour", "lower"),
    ),
}

FIGURES = {figure.name: figure for group in GROUPS.values() for figure in group}


@dataclass(slots=True)
class Measured:
    """What was measured of one set of embeddings."""

    images: int
    texts: int
    dimensions: int
    temperature: float
    sampled_images: int
    """How many images stand for all where all are compared with all."""
    queries: int = 0
    """How many images, and how many texts, were looked up among all others."""
    values: dict[str, float | None] = field(default_factory=dict)
    """By the names of ``FIGURES``; None for what the data do not allow."""
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    ablation: list[dict[str, float]] = field(default_factory=list)
    """The gap without the dimensions in which the modalities' means differ most."""
    notes: list[str] = field(default_factory=list)
