"""Soft targets from frozen teachers: similarities of the pairs of a batch."""

import numpy as np
import pytest
import torch

from evenpair.diagnostics import losses

from ..support.plain_losses import PAIRS, SAME, SCALE, TEACHERS, X, Y, plain_similarity, tensors


@pytest.mark.parametrize("standardise", [True, False])
def test_similarity_is_the_mean_of_cosines(standardise):
    similarity = losses.teacher_similarity(*tensors(*TEACHERS), standardise=standardise)
    expected = plain_similarity(TEACHERS, standardise)
    assert similarity.numpy() == pytest.approx(expected, abs=1e-12)
    one = losses.teacher_similarity(tensors(*TEACHERS)[0], standardise=standardise)
    assert one.numpy() == pytest.approx(plain_similarity(TEACHERS[:1], standardise))


def test_standardised_similarity_is_0_on_average_and_1_with_itself():
    similarity = losses.teacher_similarity(*tensors(*TEACHERS)).numpy()
    assert np.diag(similarity) == pytest.approx(1)
    assert similarity[~np.eye(PAIRS, dtype=bool)].mean() == pytest.approx(0, abs=1e-12)


def test_half_precision_is_computed_in_single_precision():
    half = [torch.tensor(teacher, dtype=torch.float16) for teacher in TEACHERS]
    similarity = losses.teacher_similarity(*half)
    assert similarity.dtype == torch.float32
    assert similarity.numpy() == pytest.approx(plain_similarity(TEACHERS), abs=1e-2)


def test_targets_are_distributions_with_the_largest_share_on_the_pair():
    targets = losses.soft_targets(SAME, 0.5, 0.1)
    assert targets.sum(dim=1).numpy() == pytest.approx(np.ones(PAIRS))
    assert (targets.argmax(dim=1) == torch.arange(PAIRS)).all()
    assert (targets >= 0).all()
    assert targets.diagonal().min() >= 0.5


def test_equal_images_share_the_target():
    twins = np.concatenate([np.eye(4), np.eye(4)[:1]])
    targets = losses.soft_targets(losses.teacher_similarity(*tensors(twins)), 1.0, 0.01)
    assert targets[0].numpy() == pytest.approx([0.5, 0, 0, 0, 0.5])


def test_a_pair_without_a_vector_of_one_teacher_is_judged_by_the_other():
    first, second = (teacher.copy() for teacher in TEACHERS)
    first[2] = 0
    similarity = losses.teacher_similarity(*tensors(first, second)).numpy()
    alone = losses.teacher_similarity(*tensors(second)).numpy()
    assert similarity[2] == pytest.approx(alone[2])
    known = np.setdiff1d(np.arange(PAIRS), [2])
    expected = plain_similarity([first[known]])
    expected = (expected + alone[np.ix_(known, known)]) / 2
    assert similarity[np.ix_(known, known)] == pytest.approx(expected)


def test_a_pair_without_any_vector_is_similar_to_itself_only():
    teacher = TEACHERS[0].copy()
    teacher[[1, 4]] = 0
    similarity = losses.teacher_similarity(*tensors(teacher))
    targets = losses.soft_targets(similarity, 0.7, 0.1)
    assert targets[[1, 4]].numpy() == pytest.approx(np.eye(PAIRS)[[1, 4]])
    assert targets[0, [1, 4]].numpy() == pytest.approx(np.zeros(2))
    image, text = (batch.requires_grad_() for batch in tensors(X, Y))
    losses.soft_target_loss(image, text, SCALE, similarity).backward()
    assert image.grad.isfinite().all()


def test_a_teacher_that_is_trained_is_refused():
    student, other = tensors(*TEACHERS)
    student.requires_grad_()
    with pytest.raises(ValueError, match="frozen"):
        losses.teacher_similarity(other, student)
    image, text = tensors(X, Y)
    with pytest.raises(ValueError, match="frozen"):
        losses.soft_target_loss(image, text, SCALE, SAME.clone().requires_grad_())


@pytest.mark.parametrize("standardise", [True, False])
def test_a_teacher_that_has_collapsed_is_refused(standardise):
    (same,) = tensors(np.tile(X[0], (5, 1)))
    with pytest.raises(ValueError, match="same"):
        losses.teacher_similarity(same, standardise=standardise)


def test_missing_teachers_and_impossible_weights_are_refused():
    with pytest.raises(ValueError, match="teacher"):
        losses.teacher_similarity()
    with pytest.raises(ValueError, match=r"1\.1"):
        losses.soft_targets(SAME, 1.1, 0.1)
    with pytest.raises(ValueError, match="0"):
        losses.soft_targets(SAME, 0.5, 0.0)
