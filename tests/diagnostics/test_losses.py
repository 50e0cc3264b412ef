"""Losses against plain computations, at their limits, with their gradients, over processes."""

import math
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from evenpair.diagnostics import losses

from ..support.plain_losses import (
    LEFT_OUT,
    PAIRS,
    SAME,
    SCALE,
    SIMILARITY,
    X,
    Y,
    plain_clip,
    plain_cua,
    plain_cuaxu,
    plain_masked,
    plain_modgap,
    plain_sigmoid,
    plain_soft,
    tensors,
)

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
def test_a_loss_equals_the_plain_computation(loss, plain, scale):
    value = loss(*tensors(X, Y), scale)
    assert value.shape == ()
    assert value.item() == pytest.approx(plain(X, Y, scale), abs=1e-9)


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
def test_a_step_down_the_gradient_reduces_the_loss(loss, plain):
    image, text = (batch.requires_grad_() for batch in tensors(X, Y))
    before = loss(image, text, SCALE)
    before.backward()
    with torch.no_grad():
        x, y = image - 1e-4 * image.grad, text - 1e-4 * text.grad
        assert loss(x, y, SCALE) < before


SYMMETRIC = [name for name in LOSSES if name != "masked"]


@pytest.mark.parametrize("name", SYMMETRIC)
def test_the_order_of_the_modalities_does_not_matter(name):
    loss, _ = LOSSES[name]
    image, text = tensors(X, Y)
    assert loss(image, text, SCALE).item() == pytest.approx(loss(text, image, SCALE).item())


def test_matched_pairs_far_from_all_others_have_the_least_loss():
    (same,) = tensors(np.eye(6))
    assert losses.clip_loss(same, same, 100.0).item() == pytest.approx(0, abs=1e-9)
    assert losses.alignment_loss(same, same).item() == 0
    assert losses.sigmoid_loss(same, same, 100.0, -50.0).item() == pytest.approx(0, abs=1e-9)
    assert losses.uniformity_loss(same).item() == pytest.approx(-4)
    assert losses.cua_loss(same, same, 100.0).item() == pytest.approx(-4)
    assert losses.cuaxu_loss(same, same, 100.0).item() == pytest.approx(-8)
    assert losses.modgap_loss(same, same, 100.0).item() == pytest.approx(-4)


def test_equal_pairs_have_the_loss_of_chance():
    (same,) = tensors(np.tile(X[0], (8, 1)))
    chance = math.log(8)
    assert losses.clip_loss(same, same, SCALE).item() == pytest.approx(chance)
    assert losses.uniformity_loss(same).item() == pytest.approx(0, abs=1e-9)
    assert losses.cuaxu_loss(same, same, SCALE).item() == pytest.approx(chance)
    assert losses.modgap_loss(same, same, SCALE).item() == pytest.approx(chance)
    everything = torch.ones(8, 8, dtype=torch.bool)
    assert losses.masked_clip_loss(same, same, SCALE, everything).item() == pytest.approx(0)


def test_without_soft_targets_or_a_mask_the_loss_is_that_of_clip():
    image, text = tensors(X, Y)
    expected = losses.clip_loss(image, text, SCALE).item()
    soft = losses.soft_target_loss(image, text, SCALE, SAME, share=0.0)
    assert soft.item() == pytest.approx(expected)
    cold = losses.soft_target_loss(image, text, SCALE, SAME, share=1.0, temperature=1e-4)
    assert cold.item() == pytest.approx(expected)
    nothing = torch.zeros(PAIRS, PAIRS, dtype=torch.bool)
    assert losses.masked_clip_loss(image, text, SCALE, nothing).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", LOSSES)
def test_a_single_pair_has_finite_loss_and_gradients(name):
    image, text = (batch[:1].requires_grad_() for batch in tensors(X, Y))
    more = {
        "soft targets": lambda x, y, s: losses.soft_target_loss(x, y, s, SAME[:1, :1]),
        "masked": lambda x, y, s: losses.masked_clip_loss(x, y, s, torch.ones(1, 1) > 0),
    }
    loss = more.get(name, LOSSES[name][0])(image, text, SCALE)
    loss.backward()
    assert loss.isfinite()
    assert image.grad.isfinite().all()


def test_opposite_pairs_have_finite_gradients():
    image, text = tensors(X, Y)
    text[2] = -image[2]
    batches = image.requires_grad_(), text.requires_grad_()
    losses.modgap_loss(*batches, SCALE).backward()
    assert [batch.grad.isfinite().all().item() for batch in batches] == [True, True]


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


@pytest.mark.slow
def test_two_processes_have_the_loss_and_the_gradients_of_one(tmp_path):
    command = [sys.executable, "-c", WORKER]
    outs = [tmp_path / "0.pt", tmp_path / "1.pt"]
    workers = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "store"), str(out)])
        for rank, out in enumerate(outs)
    ]
    assert [worker.wait() for worker in workers] == [0, 0]
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
        saved = torch.load(out, weights_only=True)
        assert saved["loss"].item() == pytest.approx(total.item(), abs=1e-9)
        assert saved["gradient"].numpy() == pytest.approx(towers.weight.grad.numpy(), abs=1e-9)


def test_a_single_process_gathers_its_own_batch():
    batches = tensors(X, Y)
    assert losses.gather(*batches) == tuple(batches)
