"""Clustering: whether k-means over both modalities finds the classes (ModGap, 2026)."""

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.metrics import v_measure_score

from .labels import Labels, require_rows, single_labels
from .matching import image_of_each_text
from .vectors import Vectors, size_of, unit_rows

STARTS = 4


def v_measure(
    image: Vectors,
    text: Vectors,
    classes: npt.ArrayLike | Labels,
    text_to_image: npt.ArrayLike | None = None,
    seed: int = 0,
) -> float:
    """Return the V-measure, 0 to 1, of a k-means clustering of all images and texts together.

    There are as many clusters as classes, and the best of four starts, drawn by ``seed``, counts.
    All vectors are held in memory: take a sample of large sets.
    """
    matches = image_of_each_text(image, text, text_to_image)
    labels = require_rows(single_labels(classes), size_of(image)[0]).set_of_row
    vectors = np.concatenate([unit_rows(part, slice(None)) for part in (image, text)])
    expected = np.concatenate([labels, labels[matches]])
    clusters = len(np.unique(expected))
    found = KMeans(clusters, n_init=STARTS, random_state=seed).fit_predict(vectors)
    return float(v_measure_score(expected, found))
