"""The authors' published analysis of modality gap and object bias, told again in NumPy.

Schrodi et al., "Two Effects, One Trigger" (ICLR 2025): single precision; means over all but the
diagonal of a matrix of cosines; for object bias, blocks of cosines of which only what lies above
the diagonal is pooled, so that a few pairs of different labels are left out.
"""

import numpy as np
import pytest

from evenpair.diagnostics import measures

from ..support.embedding_cases import structured_case


def unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def their_gap(image, text, matches):
    x, y = unit(image), unit(text)
    paired = 1 - ((x[matches] * y).sum(axis=1).mean() + 1) / 2
    within = []
    for vectors in (x, y):
        cosines = vectors @ vectors.T
        np.fill_diagonal(cosines, 0)
        mean = cosines.sum() / (len(vectors) ** 2 - len(vectors))
        within.append(1 - (mean + 1) / 2)
    return {
        "l2m": np.linalg.norm(x.mean(axis=0) - y.mean(axis=0)),
        "l2i": np.linalg.norm(x[matches] - y, axis=1).mean(),
        "rmg": paired / (paired + sum(within) / 2),
    }


def above_diagonal(cosines):
    return cosines[np.triu_indices(cosines.shape[0], 1, cosines.shape[1])]


def their_contrast(vectors, matrix):
    rows = [unit(vectors)[column] for column in matrix.T]
    same = [above_diagonal(own @ own.T) for own in rows]
    other = [
        above_diagonal(a @ b.T) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j
    ]
    return np.concatenate(same).mean() - np.concatenate(other).mean()


def columns(labels):
    return labels[:, np.newaxis] == np.unique(labels)


CASES = [structured_case(seed, images=500, dimensions=32, apart=seed / 2) for seed in range(4)]


@pytest.mark.parametrize("case", CASES)
def test_the_gap(case):
    found = measures.measure_gap(case.image, case.text, case.text_to_image)
    expected = their_gap(case.image, case.text, case.text_to_image)
    assert {n: getattr(found, n) for n in expected} == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_object_bias(case):
    objects, attributes = (columns(labels) for labels in (case.object, case.attribute))
    expected = their_contrast(case.image, objects) - their_contrast(case.image, attributes)
    found = measures.moad(case.image, case.object, case.attribute)
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_object_bias_with_several_attributes(case):
    draw = np.random.default_rng(0)
    families = [case.attribute, draw.integers(2, size=500), draw.integers(3, size=500)]
    matrix = np.concatenate([columns(family) for family in families], axis=1)
    expected = their_contrast(case.image, columns(case.object))
    expected -= their_contrast(case.image, matrix)
    found = measures.moad(case.image, case.object, matrix, pooling="attributes")
    # theirs also takes a sample with itself for two of its attributes: one of 500 pairs
    assert found == pytest.approx(expected, abs=2e-3)
