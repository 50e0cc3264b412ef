"""Measures of two sets of embeddings: arrays or tensors in, floats out, read a part at a time.

Everything takes embeddings as rows, scales them to unit length, and computes in double precision
where the cost is linear. ``text_to_image`` gives the row of the image of each text, where images
have several texts or none.
"""

from .accuracy import class_hits, prompt_hits
from .clustering import v_measure
from .entropy import mean_entropy, row_entropies
from .gap import (
    Gap,
    ablate,
    alignment,
    gap_by_dimension,
    l2i,
    l2m,
    measure_gap,
    rmg,
    without_largest,
)
from .genericness import specificity
from .half_truth import half_truth_hits
from .hubs import Hubness, hubness, occurrences
from .intervals import bootstrap, gap_intervals, interval, mean_interval, resample
from .labels import read_labels
from .neighbourhoods import neighbourhood_distance, random_neighbourhood_distance
from .object_bias import Contrast, contrast, moad
from .retrieval import image_to_text_recall, text_to_image_recall
from .separation import centred_separability, separability
from .spread import cross_uniformity, uniformity
from .vectors import centred

__all__ = [
    "Contrast",
    "Gap",
    "Hubness",
    "ablate",
    "alignment",
    "bootstrap",
    "centred",
    "centred_separability",
    "class_hits",
    "contrast",
    "cross_uniformity",
    "gap_by_dimension",
    "gap_intervals",
    "half_truth_hits",
    "hubness",
    "image_to_text_recall",
    "interval",
    "l2i",
    "l2m",
    "mean_entropy",
    "mean_interval",
    "measure_gap",
    "moad",
    "neighbourhood_distance",
    "occurrences",
    "prompt_hits",
    "random_neighbourhood_distance",
    "read_labels",
    "resample",
    "rmg",
    "row_entropies",
    "separability",
    "specificity",
    "text_to_image_recall",
    "uniformity",
    "v_measure",
    "without_largest",
]
