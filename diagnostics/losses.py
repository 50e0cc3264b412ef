"""Losses of contrastive training that go with what evenpair writes and measures, in PyTorch.

Each takes a batch of images and of texts as unit vectors, shape (pairs, dimensions), with pair i in
row i of both, and the scale by which similarities are multiplied (the inverse of the temperature),
and returns one number. With several processes, ``gather`` the batches first: every process then has
the loss of all pairs, and gradients averaged over processes, as DistributedDataParallel does, are
those of one process with all pairs.

Sources: CLIP, Radford et al. (2021); sigmoid, Zhai et al. (2023); CUA and CUAXU, Fahim, Murphy and
Fyshe (arXiv 2405.18570); the uniformity of centroids, ModGap (arXiv 2601.18525); uniformity and
alignment, Wang and Isola (2020).
"""

import math
from typing import Any

import torch
from torch import Tensor, distributed
from torch.nn import functional

_KNOWN = 1e-6
"""A teacher's vector shorter than this says nothing."""


def gather(*batches: Tensor) -> tuple[Tensor, ...]:
    """Return each batch with those of all processes, in the order of their ranks.

    Every process must have as many rows. Without ``torch.distributed``, the batches themselves.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return batches
    return tuple(_Gather.apply(batch) for batch in batches)


class _Gather(torch.autograd.Function):
    """All batches in every process; the gradient of a batch is the sum of all processes' for it."""

    @staticmethod
    def forward(context: Any, batch: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        parts = [torch.empty_like(batch) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, batch.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        total = gradient.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total.chunk(distributed.get_world_size())[distributed.get_rank()]


def clip_loss(image: Tensor, text: Tensor, scale: Tensor | float) -> Tensor:
    """Return the mean of the cross entropies of images over texts and of texts over images."""
    logits = scale * image @ text.T
    own = torch.arange(len(logits), device=logits.device)
    rows, columns = functional.cross_entropy(logits, own), functional.cross_entropy(logits.T, own)
    return (rows + columns) / 2


def sigmoid_loss(
    image: Tensor, text: Tensor, scale: Tensor | float, bias: Tensor | float = -10.0
) -> Tensor:
    """Return SigLIP's loss: each image with each text is a yes or no of its own, summed by pair."""
    logits = scale * image @ text.T + bias
    signs = 2 * torch.eye(len(logits), device=logits.device, dtype=logits.dtype) - 1
    return -functional.logsigmoid(signs * logits).sum() / len(logits)


def alignment_loss(image: Tensor, text: Tensor) -> Tensor:
    """Return ``mean_i || x_i - y_i ||^2``."""
    return (image - text).square().sum(dim=1).mean()


def uniformity_loss(vectors: Tensor) -> Tensor:
    """Return ``log mean_{i < j} exp(-2 || e_i - e_j ||^2)``; 0 for a single vector."""
    return _uniformity(vectors, vectors)


def cross_uniformity_loss(image: Tensor, text: Tensor) -> Tensor:
    """Return ``log mean_{i != j} exp(-2 || x_i - y_j ||^2)``; 0 for a single pair."""
    return _uniformity(image, text)


def _uniformity(first: Tensor, second: Tensor) -> Tensor:
    count = len(first)
    if count < 2:
        return 0 * (first.sum() + second.sum())
    exponents = 4 * (first @ second.T) - 4  # -2 || u - v ||^2 of unit vectors
    own = torch.eye(count, dtype=torch.bool, device=exponents.device)
    return exponents[~own].logsumexp(dim=0) - math.log(count * (count - 1))


def cua_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    uniformity: float = 1.0,
    alignment: float = 1.0,
) -> Tensor:
    """Return CLIP's loss, and uniformity (the mean of both modalities) and alignment by weight.

    The weights are 1 in the paper. On other data smaller ones are needed: watch retrieval.
    """
    spread = (uniformity_loss(image) + uniformity_loss(text)) / 2
    weighted = uniformity * spread + alignment * alignment_loss(image, text)
    return clip_loss(image, text, scale) + weighted


def cuaxu_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    uniformity: float = 1.0,
    alignment: float = 1.0,
    cross_uniformity: float = 1.0,
) -> Tensor:
    """Return CUA's loss, and the uniformity of images beside texts of other pairs by weight."""
    cross = cross_uniformity * cross_uniformity_loss(image, text)
    return cua_loss(image, text, scale, uniformity, alignment) + cross


def modgap_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    alignment: float = 1.0,
    uniformity: float = 1.0,
) -> Tensor:
    """Return CLIP's loss, and alignment and the uniformity of the pairs' centroids by weight.

    A centroid is the mean of image and text, scaled to unit length; opposite ones have none.
    """
    centroids = functional.normalize(image + text, dim=1, eps=_KNOWN)
    weighted = alignment * alignment_loss(image, text) + uniformity * uniformity_loss(centroids)
    return clip_loss(image, text, scale) + weighted


def teacher_similarity(*teachers: Tensor, standardise: bool = True) -> Tensor:
    """Return how alike samples are by frozen encoders of one modality; shape: samples, samples.

    The mean of the cosines of all ``teachers``, such as the members ``image_embedding.npy`` and
    ``text_embedding.npy`` of a batch; each has a row for each sample, and dimensions of its own.
    Encoders differ in how alike they take strangers to be: with ``standardise``, cosines are moved
    so that the mean of different samples is 0 and each sample with itself stays 1. A row of zeros
    stands for a sample that an encoder could not read: the others judge it, and if none can, it is
    like no other (minus infinity).

    Raises ValueError for a teacher that is being trained: targets that the student can change make
    all samples alike. Raises ValueError for a teacher that finds all samples the same.
    """
    if not teachers:
        raise ValueError("soft targets need a teacher at least")
    found = [_similarity(_frozen(teacher), standardise) for teacher in teachers]
    known = torch.stack([cosines.isfinite() for cosines in found])
    total = torch.stack([cosines.nan_to_num(0, 0, 0) for cosines in found]).sum(dim=0)
    counts = known.sum(dim=0)
    similarity = torch.where(counts > 0, total / counts.clamp(min=1), -torch.inf)
    return similarity.fill_diagonal_(1)


def _frozen(teacher: Tensor) -> Tensor:
    if teacher.requires_grad:
        raise ValueError(
            "the teacher's vectors have a gradient: soft targets need a frozen encoder, "
            "or all samples become alike"
        )
    return teacher.double() if teacher.dtype == torch.float64 else teacher.float()


def _similarity(teacher: Tensor, standardise: bool) -> Tensor:
    """Return the cosines of one teacher, minus infinity where it knows nothing."""
    known = teacher.norm(dim=1) > _KNOWN
    unit = functional.normalize(teacher, dim=1)
    cosines = unit @ unit.T
    both = known[:, None] & known
    others = both & ~torch.eye(len(cosines), dtype=torch.bool, device=cosines.device)
    floor = cosines[others].mean() if others.any() else 0.0
    if 1 - floor < _KNOWN:
        raise ValueError("a teacher gives all samples of the batch the same vector")
    if standardise:
        cosines = (cosines - floor) / (1 - floor)
    return cosines.masked_fill(~both, -torch.inf)


def soft_targets(similarity: Tensor, share: float, temperature: float) -> Tensor:
    """Return ``(1 - share) Id + share softmax(similarity / temperature)``, row by row.

    Raises ValueError if ``share`` is not in 0..1 or ``temperature`` not above 0.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of soft targets must be between 0 and 1, not {share}")
    if not temperature > 0:
        raise ValueError(f"the temperature of soft targets must be above 0, not {temperature}")
    hard = torch.eye(len(similarity), device=similarity.device, dtype=similarity.dtype)
    return (1 - share) * hard + share * (similarity / temperature).softmax(dim=1)


def soft_target_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor | float,
    similarity: Tensor,
    share: float = 0.3,
    temperature: float = 0.1,
) -> Tensor:
    """Return the mean cross entropy with soft targets, of images over texts and the other way.

    ``similarity`` is that of ``teacher_similarity``, gathered like the batches; it is taken as it
    is, without a gradient.
    """
    logits = scale * image @ text.T
    frozen = _frozen(similarity).to(logits.dtype)
    losses = [
        functional.cross_entropy(scores, soft_targets(alike, share, temperature))
        for scores, alike in ((logits, frozen), (logits.T, frozen.T))
    ]
    return (losses[0] + losses[1]) / 2


def masked_clip_loss(
    image: Tensor, text: Tensor, scale: Tensor | float, false_negatives: Tensor
) -> Tensor:
    """Return CLIP's loss without the pairs that are alike as negatives of each other.

    ``false_negatives`` says for each two pairs whether they are left out, such as
    ``teacher_similarity(...) > 0.8``; a pair is never left out for itself.
    """
    own = torch.eye(len(image), dtype=torch.bool, device=image.device)
    logits, right = scale * image @ text.T, torch.arange(len(image), device=image.device)
    losses = [
        functional.cross_entropy(scores.masked_fill(left_out & ~own, -torch.inf), right)
        for scores, left_out in ((logits, false_negatives), (logits.T, false_negatives.T))
    ]
    return (losses[0] + losses[1]) / 2
