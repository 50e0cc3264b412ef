import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evenpair.diagnostics import measures

from ..support import plain_measures as plain
from ..support.embedding_cases import CASES, random_case

EACH_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def close(value):
    return pytest.approx(value, abs=1e-9)


@EACH_CASE
def test_the_gap_is_that_of_a_plain_computation(case):
    given_case = case.image, case.text, case.text_to_image
    expected = {
        "l2m": plain.l2m(case.image, case.text),
        "l2i": plain.l2i(*given_case),
        "rmg": plain.rmg(*given_case),
        "alignment": plain.alignment(*given_case),
    }
    gap = measures.measure_gap(*given_case)
    assert {name: getattr(gap, name) for name in expected} == close(expected)
    assert measures.l2m(case.image, case.text) == close(expected["l2m"])
    alone = {n: getattr(measures, n)(*given_case) for n in ("l2i", "rmg", "alignment")}
    assert alone == close({name: expected[name] for name in alone})


@EACH_CASE
def test_the_gap_after_centring(case):
    x, y = measures.centred(case.image), measures.centred(case.text)
    expected = plain.rmg(plain.centred(case.image), plain.centred(case.text), case.text_to_image)
    assert measures.rmg(x, y, case.text_to_image) == close(expected)


@EACH_CASE
@pytest.mark.parametrize("count", [0, 1, 5])
def test_the_gap_without_the_dimensions_that_drive_it(case, count):
    x, y = plain.without_largest(case.image, case.text, count)
    (gap,) = measures.ablate(case.image, case.text, [count], case.text_to_image)
    assert gap.rmg == close(plain.rmg(x, y, case.text_to_image))
    assert gap.l2m == close(plain.l2m(x, y))
    left = measures.without_largest(case.image, case.text, count)
    assert [part.shape for part in left] == [x.shape, y.shape]


def test_one_dimension_that_alone_makes_the_gap():
    case = random_case()
    image, text = case.image.copy(), case.text.copy()
    image[:, 3] += 20
    text[:, 3] -= 20
    assert measures.gap_by_dimension(image, text).argmax() == 3
    before, after = measures.ablate(image, text, [0, 1], case.text_to_image)
    assert before.l2m > 1.9
    assert after.l2m < 0.5


def test_coinciding_pairs_have_no_gap_and_opposite_ones_the_largest():
    image = random_case().image
    same = measures.measure_gap(image, image * 3)
    assert (same.l2m, same.l2i, same.rmg) == (close(0), close(0), close(0))
    assert measures.l2i(image, -image) == close(2)


def test_a_matched_pair_as_far_apart_as_two_images_is_one_half():
    case = random_case(images=400, texts=400, dimensions=64)
    assert measures.rmg(case.image, case.text) == pytest.approx(0.5, abs=0.01)


def test_vectors_that_are_all_the_same_have_no_relative_gap():
    assert np.isnan(measures.rmg(np.ones((4, 3)), np.ones((4, 3))))


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_tensors_of_any_precision(kind):
    case = CASES["several texts"]
    image, text = (torch.tensor(v, dtype=kind, requires_grad=True) for v in (case.image, case.text))
    as_doubles = [v.detach().double().numpy() for v in (image, text)]
    matches = torch.tensor(case.text_to_image)
    gap = measures.measure_gap(image, text, matches)
    assert gap.rmg == close(plain.rmg(*as_doubles, case.text_to_image))
    assert gap.l2m == close(plain.l2m(*as_doubles))


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_lengths_do_not_matter_however_extreme(scale):
    case = CASES["random"]
    gap = measures.measure_gap(case.image * scale, case.text, case.text_to_image)
    expected = measures.measure_gap(case.image, case.text, case.text_to_image)
    assert gap.rmg == close(expected.rmg)
    assert gap.l2i == close(expected.l2i)


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 8))
def test_rotation_scaling_and_order_change_nothing(seed, images, dimensions):
    draw = np.random.default_rng(seed)
    case = random_case(images, images + 5, dimensions, seed)
    rotation, _ = np.linalg.qr(draw.normal(size=(dimensions, dimensions)))
    order, texts = draw.permutation(images), draw.permutation(images + 5)
    scale = draw.uniform(0.1, 10, size=(images, 1))
    image = (case.image * scale)[order] @ rotation
    matches = np.argsort(order)[case.text_to_image[texts]]
    moved = measures.measure_gap(image, case.text[texts] @ rotation, matches)
    gap = measures.measure_gap(case.image, case.text, case.text_to_image)
    assert (moved.l2m, moved.l2i) == (close(gap.l2m), close(gap.l2i))
    assert (moved.rmg, moved.alignment) == (close(gap.rmg), close(gap.alignment))


@given(st.integers(0, 10**6), st.integers(2, 30), st.integers(1, 8))
def test_bounds(seed, images, dimensions):
    case = random_case(images, images, dimensions, seed)
    gap = measures.measure_gap(case.image, case.text, case.text_to_image)
    assert 0 <= gap.l2m <= gap.l2i + 1e-9 <= 2 + 1e-9
    assert gap.l2i**2 <= gap.alignment + 1e-9
    assert 0 <= gap.rmg <= 1 or np.isnan(gap.rmg)


def test_vectors_come_a_part_at_a_time(monkeypatch):
    case = CASES["several texts"]
    expected = measures.measure_gap(case.image, case.text, case.text_to_image)
    monkeypatch.setattr("evenpair.diagnostics.measures.vectors.PART_BYTES", 7 * 8 * 12)
    cut = measures.measure_gap(case.image, case.text, case.text_to_image)
    assert (cut.l2m, cut.l2i, cut.rmg) == (
        close(expected.l2m),
        close(expected.l2i),
        close(expected.rmg),
    )


BAD = [
    (np.zeros((3, 2)), np.ones((3, 2)), None, "row 0 "),
    (np.array([[1.0, 0], [1, np.nan], [0, 1]]), np.ones((3, 2)), None, "row 1 "),
    (np.array([[1.0, 0], [0, 1], [np.inf, 1]]), np.ones((3, 2)), None, "row 2 "),
    (np.ones((3, 2)), np.ones((3, 4)), None, "2 dimensions and text 4"),
    (np.ones((3, 2)), np.ones((4, 2)), None, "3 images and 4 texts"),
    (np.ones((3, 2)), np.ones((4, 2)), [0, 1, 2], "4 whole numbers"),
    (np.ones((3, 2)), np.ones((2, 2)), [0, 3], "text 1 belongs to image 3, of 3"),
    (np.ones((3, 2)), np.ones((2, 2)), [-1, 1], "text 0 belongs to image -1"),
    (np.ones((3, 2)), np.ones((2, 2)), [0.0, 1.0], "whole numbers"),
    (np.ones(3), np.ones(3), None, "shape (3,)"),
    (np.ones((0, 2)), np.ones((0, 2)), None, "shape (0, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("image", "text", "matches", "message"), BAD)
def test_what_is_no_set_of_embeddings_is_refused(image, text, matches, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        measures.measure_gap(image, text, matches)


def test_one_image_has_no_relative_gap():
    with pytest.raises(ValueError, match="two images"):
        measures.rmg(np.ones((1, 2)), np.ones((2, 2)), [0, 0])


def test_no_dimension_is_left():
    with pytest.raises(ValueError, match="12 of 12"):
        measures.without_largest(CASES["random"].image, CASES["random"].text, 12)
