"""The losses once more, in plain NumPy and double precision, and a batch to compute them of."""

import math

import numpy as np
import torch

PAIRS, DIMENSIONS = 7, 5


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


DRAW = np.random.default_rng(0)
X, Y = unit(DRAW.normal(size=(PAIRS, DIMENSIONS))), unit(DRAW.normal(size=(PAIRS, DIMENSIONS)))
TEACHERS = DRAW.normal(size=(PAIRS, 9)) + 1.0, DRAW.normal(size=(PAIRS, 3)) + 0.4
LEFT_OUT = DRAW.random((PAIRS, PAIRS)) < 0.3
SCALE = 6.0


def tensors(*arrays):
    return [torch.tensor(array, dtype=torch.float64) for array in arrays]


def log_softmax(logits):
    return [value - math.log(sum(map(math.exp, logits))) for value in logits]


def plain_cross_entropy(logits, targets):
    """Return the mean cross entropy of every row with its targets."""
    return np.mean(
        [
            -sum(p * log for p, log in zip(target, log_softmax(row), strict=True) if p > 0)
            for row, target in zip(logits, targets, strict=True)
        ]
    )


def plain_clip(x, y, scale):
    logits, own = scale * x @ y.T, np.eye(len(x))
    return (plain_cross_entropy(logits, own) + plain_cross_entropy(logits.T, own)) / 2


def plain_sigmoid(x, y, scale, bias):
    total = 0.0
    for i, image in enumerate(x):
        for j, text in enumerate(y):
            sign = 1 if i == j else -1
            total += math.log(1 + math.exp(-sign * (scale * image @ text + bias)))
    return total / len(x)


def plain_alignment(x, y):
    return np.mean([sum((a - b) ** 2) for a, b in zip(x, y, strict=True)])


def plain_uniformity(first, second):
    values = [
        math.exp(-2 * sum((u - v) ** 2))
        for i, u in enumerate(first)
        for j, v in enumerate(second)
        if i != j
    ]
    return math.log(np.mean(values))


def plain_cua(x, y, scale, uniformity=1.0, alignment=1.0):
    spread = (plain_uniformity(x, x) + plain_uniformity(y, y)) / 2
    return plain_clip(x, y, scale) + uniformity * spread + alignment * plain_alignment(x, y)


def plain_cuaxu(x, y, scale, uniformity=1.0, alignment=1.0, cross=1.0):
    return plain_cua(x, y, scale, uniformity, alignment) + cross * plain_uniformity(x, y)


def plain_modgap(x, y, scale, alignment=1.0, uniformity=1.0):
    centroids = unit((x + y) / 2)
    spread = plain_uniformity(centroids, centroids)
    return plain_clip(x, y, scale) + alignment * plain_alignment(x, y) + uniformity * spread


def plain_similarity(teachers, standardise=True):
    similarities = []
    for teacher in teachers:
        cosines = unit(teacher) @ unit(teacher).T
        floor = np.mean([c for (i, j), c in np.ndenumerate(cosines) if i != j])
        similarities.append((cosines - floor) / (1 - floor) if standardise else cosines)
    return np.mean(similarities, axis=0)


def plain_soft(x, y, scale, similarity, share, temperature):
    def targets(alike):
        rows = [np.exp(log_softmax(row / temperature)) for row in alike]
        return (1 - share) * np.eye(len(alike)) + share * np.array(rows)

    logits = scale * x @ y.T
    rows = plain_cross_entropy(logits, targets(similarity))
    return (rows + plain_cross_entropy(logits.T, targets(similarity.T))) / 2


def plain_masked(x, y, scale, left_out):
    total = 0.0
    for a, b, out in ((x, y, left_out), (y, x, left_out.T)):
        for i in range(len(x)):
            kept = [j for j in range(len(x)) if j == i or not out[i, j]]
            sums = sum(math.exp(scale * a[i] @ b[j]) for j in kept)
            total -= scale * a[i] @ b[i] - math.log(sums)
    return total / (2 * len(x))


SIMILARITY = plain_similarity(TEACHERS)
SAME = torch.tensor(SIMILARITY)
"""The similarity of the pairs by their teachers."""
