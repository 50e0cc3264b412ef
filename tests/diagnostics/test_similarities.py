"""Retrieval, entropy, uniformity and hubness: what is made of the similarities of all."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.diagnostics import measures
from evenpair.diagnostics.measures import similarities

from ..support import plain_measures as plain
from ..support.embedding_cases import CASES, random_case

EACH_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def close(value):
    return pytest.approx(value, abs=1e-9)


@pytest.fixture(params=["whole", "in small blocks"])
def blocks(request, monkeypatch):
    if request.param == "in small blocks":
        monkeypatch.setattr(similarities, "QUERIES", 7)
        monkeypatch.setattr(similarities, "GALLERY", 11)
        monkeypatch.setattr(similarities, "_ROW_VALUES", 200)


@EACH_CASE
@pytest.mark.usefixtures("blocks")
def test_retrieval(case):
    of_image = [set(np.flatnonzero(case.text_to_image == i)) for i in range(len(case.image))]
    of_text = [{i} for i in case.text_to_image]
    to_text = measures.image_to_text_recall(case.image, case.text, case.text_to_image)
    to_image = measures.text_to_image_recall(case.image, case.text, case.text_to_image)
    assert to_text == close([plain.recall(case.image, case.text, of_image, k) for k in (1, 5, 10)])
    assert to_image == close([plain.recall(case.text, case.image, of_text, k) for k in (1, 5, 10)])


def test_retrieval_without_ties_is_that_of_sorting():
    case = random_case(images=150, texts=400, seed=4)
    cosines = plain.unit(case.image) @ plain.unit(case.text).T
    best = np.argsort(-cosines, axis=1)[:, :5]
    expected = np.mean(
        [np.isin(row, np.flatnonzero(case.text_to_image == i)).any() for i, row in enumerate(best)]
    )
    found = measures.image_to_text_recall(case.image, case.text, case.text_to_image, at=[5])
    assert found == close([expected])


def test_an_image_without_a_text_is_no_query():
    image, text = np.eye(3), np.eye(3)[[0, 2]]
    assert measures.image_to_text_recall(image, text, [0, 2], at=[1]) == [1.0]
    assert measures.text_to_image_recall(image, text, [0, 2], at=[1]) == [1.0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("size", [20, 3000])
def test_a_space_that_has_collapsed_finds_by_chance(kind, size):
    one = np.random.default_rng(0).normal(size=(1, 24)).astype(kind)
    image = text = np.repeat(one, size, axis=0)
    expected = [k / size for k in (1, 5, 10)]
    assert measures.image_to_text_recall(image, text) == close(expected)
    assert measures.text_to_image_recall(image, text) == close(expected)


@EACH_CASE
@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0, 30.0])
def test_entropy(case, temperature):
    for queries, gallery in ((case.image, case.text), (case.text, case.image)):
        expected = plain.entropies(queries, gallery, temperature)
        assert measures.row_entropies(queries, gallery, temperature) == close(expected)
        assert measures.mean_entropy(queries, gallery, temperature) == close(np.mean(expected))


def test_entropy_of_the_flattest_and_the_sharpest_logits():
    same = np.ones((5, 3))
    assert measures.mean_entropy(same, np.ones((8, 3)), 0.01) == close(math.log(8))
    assert measures.mean_entropy(np.eye(4), np.eye(4), 0.001) == close(0)


@pytest.mark.parametrize("temperature", [0, -1, math.nan])
def test_a_temperature_is_above_0(temperature):
    with pytest.raises(ValueError, match="above 0"):
        measures.row_entropies(np.eye(2), np.eye(2), temperature)
    with pytest.raises(ValueError, match="above 0"):
        measures.specificity(np.eye(2), np.eye(2), temperature)


@EACH_CASE
@pytest.mark.usefixtures("blocks")
def test_uniformity(case):
    assert measures.uniformity(case.image) == close(plain.uniformity(case.image))
    assert measures.uniformity(case.text) == close(plain.uniformity(case.text))
    given_case = case.image, case.text, case.text_to_image
    assert measures.cross_uniformity(*given_case) == close(plain.cross_uniformity(*given_case))


def test_uniformity_of_equal_and_of_opposite_vectors():
    assert measures.uniformity(np.ones((5, 2))) == close(0)
    assert measures.uniformity(np.array([[1.0, 0], [-1, 0]])) == close(-8)
    assert measures.cross_uniformity(np.ones((5, 2)), -np.ones((5, 2))) == close(-8)


def test_one_vector_has_no_uniformity():
    with pytest.raises(ValueError, match="two vectors"):
        measures.uniformity(np.ones((1, 2)))
    with pytest.raises(ValueError, match="two images"):
        measures.cross_uniformity(np.ones((1, 2)), np.ones((3, 2)), [0, 0, 0])


@EACH_CASE
@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("k", [1, 10])
def test_hubness(case, k):
    for queries, gallery in ((case.image, case.text), (case.text, case.image)):
        expected = plain.occurrences(queries, gallery, k)
        assert measures.occurrences(queries, gallery, k) == close(expected)
        found = measures.hubness(queries, gallery, k)
        assert found.skewness == close(plain.skewness(expected))
        assert found.anti_hubs == close(np.mean(expected == 0))


def test_texts_that_are_all_the_same_are_no_hubs():
    case = random_case()
    found = measures.hubness(case.image, np.ones((500, 12)))
    assert (found.skewness, found.anti_hubs) == (0.0, 0.0)


def test_one_hub_that_everything_is_nearest_to():
    draw = np.random.default_rng(0)
    queries = np.eye(20) + 3
    gallery = np.concatenate([np.ones((1, 20)), draw.normal(size=(19, 20)) - 4])
    found = measures.hubness(queries, gallery, k=1)
    assert found.anti_hubs == 0.95
    assert found.skewness > 4


@pytest.mark.parametrize("k", [0, 40])
def test_neighbours_are_fewer_than_the_gallery(k):
    with pytest.raises(ValueError, match=f"between 1 and 39, the others there are, not {k}"):
        measures.occurrences(random_case().image, random_case().image, k)


def test_specificity_of_one_batch():
    case = random_case()
    found = measures.specificity(case.image, case.text, 0.07)
    assert found == close(plain.specificity(case.image, case.text, 0.07))


def test_specificity_takes_the_first_text_and_every_pair_once():
    case = random_case(texts=90, seed=5)
    first = [list(case.text_to_image).index(i) for i in range(len(case.image))]
    found = measures.specificity(case.image, case.text, 0.1, case.text_to_image)
    assert found == close(plain.specificity(case.image, case.text[first], 0.1))
    batches = measures.specificity(case.image, case.text, 0.1, case.text_to_image, batch=8, seed=3)
    assert len(batches) == len(case.image)
    assert (batches > found).all()  # fewer others, smaller sums


def test_a_generic_text_is_the_least_specific():
    image = np.eye(12) + 0.1
    text = image.copy()
    text[4] = image.mean(axis=0)
    assert measures.specificity(image, text, 0.07).argmin() == 4


@given(st.integers(0, 10**6), st.integers(12, 30), st.integers(1, 6))
def test_order_changes_nothing(seed, images, dimensions):
    draw = np.random.default_rng(seed)
    case = random_case(images, images + 6, dimensions, seed, repeated=4)
    order, texts = draw.permutation(images), draw.permutation(images + 6)
    image, text = case.image[order], case.text[texts]
    matches = np.argsort(order)[case.text_to_image[texts]]
    for name in ("image_to_text_recall", "text_to_image_recall", "cross_uniformity"):
        measure = getattr(measures, name)
        expected = measure(case.image, case.text, case.text_to_image)
        assert measure(image, text, matches) == close(expected)
    counts = measures.occurrences(case.image, case.text)
    assert measures.occurrences(image, text) == close(counts[texts])
    entropies = measures.row_entropies(case.image, case.text, 0.07)
    assert measures.row_entropies(image, text, 0.07) == close(entropies[order])


@given(st.integers(0, 10**6), st.integers(11, 30), st.integers(1, 6))
def test_bounds(seed, images, dimensions):
    case = random_case(images, images, dimensions, seed)
    shares = measures.image_to_text_recall(case.image, case.text, case.text_to_image)
    assert 0 <= shares[0] <= shares[1] <= shares[2] <= 1
    entropies = measures.row_entropies(case.image, case.text, 0.05)
    assert entropies.min() >= 0
    assert entropies.max() <= math.log(images) + 1e-9
    assert -8 - 1e-9 <= measures.uniformity(case.image) <= 1e-9
    assert measures.occurrences(case.image, case.text).sum() == close(10 * images)


def test_large_sets_of_single_precision_agree_to_six_digits(monkeypatch):
    monkeypatch.setattr(similarities, "_MOST_DOUBLES", 0)
    case = CASES["structured"]
    image, text = case.image.astype(np.float32), case.text.astype(np.float32)
    doubles = image.astype(np.float64), text.astype(np.float64)
    assert similarities.precision_of(image, text) is np.float32
    assert similarities.precision_of(*doubles) is np.float64
    for measure in (
        lambda x, y: measures.mean_entropy(x, y, 0.07),
        lambda x, y: measures.uniformity(x),
        lambda x, y: measures.cross_uniformity(x, y, case.text_to_image),
        lambda x, y: measures.image_to_text_recall(x, y, case.text_to_image),
        lambda x, y: measures.hubness(x, y).skewness,
    ):
        assert measure(image, text) == pytest.approx(measure(*doubles), abs=1e-5)
