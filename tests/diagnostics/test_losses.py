"""Losses: against plain double precision, at their limits, their gradients, and over processes."""

import math
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from evenpair.diagnostics import losses

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
    """Of every row with its targets."""
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
    found = []
    for teacher in teachers:
        cosines = unit(teacher) @ unit(teacher).T
        floor = np.mean([c for (i, j), c in np.ndenumerate(cosines) if i != j])
        found.append((cosines - floor) / (1 - floor) if standardise else cosines)
    return np.mean(found, axis=0)


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
LOSSES = {
    "clip": (losses.clip_loss, plain_clip),
    "sigmoid": (partial(losses.sigmoid_loss, bias=-3.0), partial(plain_sigmoid, bias=-3.0)),
    "cua": (losses.cua_loss, plain_cua),
    "cua, other weights": (
        partial(losses.cua_loss, uniformity=0.2, alignment=3.0),
        partial(plain_cua, uniformity=0.2, alignment=3.0),
    ),
    "cuaxu": (losses.cuaxu_loss, plain_cuaxu),
    "cuaxu, other weights": (
        partial(losses.cuaxu_loss, uniformity=0.2, alignment=3.0, cross_uniformity=0.7),
        partial(plain_cuaxu, uniformity=0.2, alignment=3.0, cross=0.7),
    ),
    "modgap": (losses.modgap_loss, plain_modgap),
    "modgap, other weights": (
        partial(losses.modgap_loss, alignment=0.1, uniformity=0.6),
        partial(plain_modgap, alignment=0.1, uniformity=0.6),
    ),
    "soft targets": (
        partial(losses.soft_target_loss, similarity=SAME, share=0.4, temperature=0.2),
        partial(plain_soft, similarity=SIMILARITY, share=0.4, temperature=0.2),
    ),
    "masked": (
        partial(losses.masked_clip_loss, false_negatives=torch.tensor(LEFT_OUT)),
        partial(plain_masked, left_out=LEFT_OUT),
    ),
}
EACH_LOSS = pytest.mark.parametrize(("loss", "plain"), LOSSES.values(), ids=LOSSES)


@EACH_LOSS
@pytest.mark.parametrize("scale", [0.5, SCALE, 30.0])
def test_a_loss_is_that_of_a_plain_computation(loss, plain, scale):
    found = loss(*tensors(X, Y), scale)
    assert found.shape == ()
    assert found.item() == pytest.approx(plain(X, Y, scale), abs=1e-9)


@EACH_LOSS
def test_single_precision_is_close(loss, plain):
    image, text = (batch.float() for batch in tensors(X, Y))
    assert loss(image, text, SCALE).dtype == torch.float32
    assert loss(image, text, SCALE).item() == pytest.approx(plain(X, Y, SCALE), abs=1e-5)


@EACH_LOSS
def test_gradients_are_those_of_finite_differences(loss, plain):
    batches = [batch.requires_grad_() for batch in tensors(X, Y, np.array(SCALE))]
    assert gradcheck(loss, batches)


@EACH_LOSS
def test_a_step_down_the_gradient_makes_it_smaller(loss, plain):
    image, text = (batch.requires_grad_() for batch in tensors(X, Y))
    before = loss(image, text, SCALE)
    before.backward()
    with torch.no_grad():
        x, y = image - 1e-4 * image.grad, text - 1e-4 * text.grad
        assert loss(x, y, SCALE) < before


SYMMETRIC = [name for name in LOSSES if name != "masked"]


@pytest.mark.parametrize("name", SYMMETRIC)
def test_which_modality_comes_first_does_not_matter(name):
    loss, _ = LOSSES[name]
    image, text = tensors(X, Y)
    assert loss(image, text, SCALE).item() == pytest.approx(loss(text, image, SCALE).item())


def test_coinciding_pairs_far_from_all_others():
    (same,) = tensors(np.eye(6))
    assert losses.clip_loss(same, same, 100.0).item() == pytest.approx(0, abs=1e-9)
    assert losses.alignment_loss(same, same).item() == 0
    assert losses.sigmoid_loss(same, same, 100.0, -50.0).item() == pytest.approx(0, abs=1e-9)
    assert losses.uniformity_loss(same).item() == pytest.approx(-4)
    assert losses.cua_loss(same, same, 100.0).item() == pytest.approx(-4)
    assert losses.cuaxu_loss(same, same, 100.0).item() == pytest.approx(-8)
    assert losses.modgap_loss(same, same, 100.0).item() == pytest.approx(-4)


def test_all_pairs_the_same():
    (same,) = tensors(np.tile(X[0], (8, 1)))
    chance = math.log(8)
    assert losses.clip_loss(same, same, SCALE).item() == pytest.approx(chance)
    assert losses.uniformity_loss(same).item() == pytest.approx(0, abs=1e-9)
    assert losses.cuaxu_loss(same, same, SCALE).item() == pytest.approx(chance)
    assert losses.modgap_loss(same, same, SCALE).item() == pytest.approx(chance)
    everything = torch.ones(8, 8, dtype=torch.bool)
    assert losses.masked_clip_loss(same, same, SCALE, everything).item() == pytest.approx(0)


def test_no_soft_targets_and_no_mask_are_clip():
    image, text = tensors(X, Y)
    expected = losses.clip_loss(image, text, SCALE).item()
    soft = losses.soft_target_loss(image, text, SCALE, SAME, share=0.0)
    assert soft.item() == pytest.approx(expected)
    cold = losses.soft_target_loss(image, text, SCALE, SAME, share=1.0, temperature=1e-4)
    assert cold.item() == pytest.approx(expected)
    nothing = torch.zeros(PAIRS, PAIRS, dtype=torch.bool)
    assert losses.masked_clip_loss(image, text, SCALE, nothing).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_a_single_pair(name):
    image, text = (batch[:1].requires_grad_() for batch in tensors(X, Y))
    more = {
        "soft targets": lambda x, y, s: losses.soft_target_loss(x, y, s, SAME[:1, :1]),
        "masked": lambda x, y, s: losses.masked_clip_loss(x, y, s, torch.ones(1, 1) > 0),
    }
    loss = more.get(name, LOSSES[name][0])(image, text, SCALE)
    loss.backward()
    assert loss.isfinite()
    assert image.grad.isfinite().all()


def test_opposite_pairs_have_no_centroid_and_finite_gradients():
    image, text = tensors(X, Y)
    text[2] = -image[2]
    batches = image.requires_grad_(), text.requires_grad_()
    losses.modgap_loss(*batches, SCALE).backward()
    assert all(batch.grad.isfinite().all() for batch in batches)


class TestTeachers:
    @pytest.mark.parametrize("standardise", [True, False])
    def test_similarity_is_the_mean_of_cosines(self, standardise):
        found = losses.teacher_similarity(*tensors(*TEACHERS), standardise=standardise)
        expected = plain_similarity(TEACHERS, standardise)
        assert found.numpy() == pytest.approx(expected, abs=1e-12)
        one = losses.teacher_similarity(tensors(*TEACHERS)[0], standardise=standardise)
        assert one.numpy() == pytest.approx(plain_similarity(TEACHERS[:1], standardise))

    def test_standardised_strangers_are_0_and_each_is_1_with_itself(self):
        found = losses.teacher_similarity(*tensors(*TEACHERS)).numpy()
        assert np.diag(found) == pytest.approx(1)
        assert found[~np.eye(PAIRS, dtype=bool)].mean() == pytest.approx(0, abs=1e-12)

    def test_half_precision_as_shards_have_it(self):
        half = [torch.tensor(teacher, dtype=torch.float16) for teacher in TEACHERS]
        found = losses.teacher_similarity(*half)
        assert found.dtype == torch.float32
        assert found.numpy() == pytest.approx(plain_similarity(TEACHERS), abs=1e-2)

    def test_targets_are_distributions_with_the_largest_share_on_the_pair(self):
        targets = losses.soft_targets(SAME, 0.5, 0.1)
        assert targets.sum(dim=1).numpy() == pytest.approx(np.ones(PAIRS))
        assert (targets.argmax(dim=1) == torch.arange(PAIRS)).all()
        assert (targets >= 0).all()
        assert targets.diagonal().min() >= 0.5

    def test_twins_share_the_target(self):
        twins = np.concatenate([np.eye(4), np.eye(4)[:1]])
        targets = losses.soft_targets(losses.teacher_similarity(*tensors(twins)), 1.0, 0.01)
        assert targets[0].numpy() == pytest.approx([0.5, 0, 0, 0, 0.5])

    def test_what_one_teacher_could_not_read_the_other_judges(self):
        first, second = (teacher.copy() for teacher in TEACHERS)
        first[2] = 0
        found = losses.teacher_similarity(*tensors(first, second)).numpy()
        alone = losses.teacher_similarity(*tensors(second)).numpy()
        assert found[2] == pytest.approx(alone[2])
        known = np.setdiff1d(np.arange(PAIRS), [2])
        expected = plain_similarity([first[known]])
        expected = (expected + alone[np.ix_(known, known)]) / 2
        assert found[np.ix_(known, known)] == pytest.approx(expected)

    def test_what_no_teacher_could_read_is_like_no_other(self):
        teacher = TEACHERS[0].copy()
        teacher[[1, 4]] = 0
        similarity = losses.teacher_similarity(*tensors(teacher))
        targets = losses.soft_targets(similarity, 0.7, 0.1)
        assert targets[[1, 4]].numpy() == pytest.approx(np.eye(PAIRS)[[1, 4]])
        assert targets[0, [1, 4]].numpy() == pytest.approx(np.zeros(2))
        image, text = (batch.requires_grad_() for batch in tensors(X, Y))
        losses.soft_target_loss(image, text, SCALE, similarity).backward()
        assert image.grad.isfinite().all()

    def test_a_teacher_that_is_trained_is_refused(self):
        student, other = tensors(*TEACHERS)
        student.requires_grad_()
        with pytest.raises(ValueError, match="frozen"):
            losses.teacher_similarity(other, student)
        image, text = tensors(X, Y)
        with pytest.raises(ValueError, match="frozen"):
            losses.soft_target_loss(image, text, SCALE, SAME.clone().requires_grad_())

    @pytest.mark.parametrize("standardise", [True, False])
    def test_a_teacher_that_has_collapsed_is_refused(self, standardise):
        (same,) = tensors(np.tile(X[0], (5, 1)))
        with pytest.raises(ValueError, match="the same vector"):
            losses.teacher_similarity(same, standardise=standardise)

    def test_no_teacher_and_impossible_weights(self):
        with pytest.raises(ValueError, match="a teacher at least"):
            losses.teacher_similarity()
        with pytest.raises(ValueError, match=r"between 0 and 1, not 1\.1"):
            losses.soft_targets(SAME, 1.1, 0.1)
        with pytest.raises(ValueError, match="above 0, not 0"):
            losses.soft_targets(SAME, 0.5, 0.0)


WORKER = """
import sys
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from evenpair.diagnostics import losses

rank, store, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
distributed.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=2)
torch.manual_seed(0)
data, teachers = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
towers = torch.nn.Linear(4, 10, dtype=torch.float64)
trained = DistributedDataParallel(towers)
own = slice(3 * rank, 3 * rank + 3)
halves = trained(data[own]).chunk(2, 1)
image, text = (torch.nn.functional.normalize(half, dim=1) for half in halves)
image, text, teacher = losses.gather(image, text, teachers[own])
assert teacher.equal(teachers)
similarity = losses.teacher_similarity(teacher)
total = losses.cuaxu_loss(image, text, 5.0) + losses.sigmoid_loss(image, text, 5.0)
total = total + losses.modgap_loss(image, text, 5.0)
total = total + losses.soft_target_loss(image, text, 5.0, similarity)
total = total + losses.masked_clip_loss(image, text, 5.0, similarity > 0.2)
total.backward()
torch.save({"loss": total.detach(), "gradient": towers.weight.grad}, out)
distributed.destroy_process_group()
"""


def test_two_processes_have_the_loss_and_the_gradients_of_one(tmp_path):
    command = [sys.executable, "-c", WORKER]
    outs = [tmp_path / "0.pt", tmp_path / "1.pt"]
    workers = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "store"), str(out)])
        for rank, out in enumerate(outs)
    ]
    assert [worker.wait(timeout=300) for worker in workers] == [0, 0]
    torch.manual_seed(0)
    data, teachers = torch.randn(6, 4, dtype=torch.float64), torch.randn(6, 3, dtype=torch.float64)
    towers = torch.nn.Linear(4, 10, dtype=torch.float64)
    halves = towers(data).chunk(2, 1)
    image, text = (torch.nn.functional.normalize(half, dim=1) for half in halves)
    similarity = losses.teacher_similarity(teachers)
    total = losses.cuaxu_loss(image, text, 5.0) + losses.sigmoid_loss(image, text, 5.0)
    total = total + losses.modgap_loss(image, text, 5.0)
    total = total + losses.soft_target_loss(image, text, 5.0, similarity)
    total = total + losses.masked_clip_loss(image, text, 5.0, similarity > 0.2)
    total.backward()
    for out in outs:
        found = torch.load(out, weights_only=True)
        assert found["loss"].item() == pytest.approx(total.item(), abs=1e-9)
        assert found["gradient"].numpy() == pytest.approx(towers.weight.grad.numpy(), abs=1e-9)


def test_one_process_gathers_nothing():
    batches = tensors(X, Y)
    assert losses.gather(*batches) == tuple(batches)
