"""Genericness: captions that fit every image (negCLIPLoss; Wang et al., arXiv 2405.19547)."""

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from .matching import first_texts, image_of_each_text
from .vectors import Matrix, Vectors, slices, unit_rows

BATCH = 1024


def specificity(
    image: Vectors,
    text: Vectors,
    temperature: float,
    text_to_image: npt.ArrayLike | None = None,
    batch: int = BATCH,
    seed: int = 0,
) -> Matrix:
    """Return ``s_ii - tau/2 [log sum_j exp(s_ij/tau) + log sum_j exp(s_ji/tau)]`` for each pair.

    The sums run over random batches of pairs, drawn by ``seed``; the last may be smaller. Low
    values are pairs whose text fits everything. Of an image with several texts the first is taken;
    images without one are left out. Raises ValueError if the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature must be above 0, not {temperature}")
    images, texts = first_texts(image_of_each_text(image, text, text_to_image))
    order = np.random.default_rng(seed).permutation(len(images))
    scores = np.empty(len(images))
    for rows in slices(len(order), batch):
        drawn = order[rows]
        cosines = unit_rows(image, images[drawn]) @ unit_rows(text, texts[drawn]).T
        logits = cosines / temperature
        sums = logsumexp(logits, axis=0) + logsumexp(logits, axis=1)
        scores[drawn] = np.diagonal(cosines) - temperature / 2 * sums
    return scores
