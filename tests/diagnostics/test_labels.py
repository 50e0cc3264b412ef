"""Object bias, neighbourhoods, clustering and accuracy: what labels tell."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import v_measure_score

from evenpair.diagnostics import measures

from ..support import plain_measures as plain
from ..support.embedding_cases import CASES, random_case, structured_case

EACH_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def close(value):
    return pytest.approx(value, abs=1e-9)


def same(labels):
    return lambda i, j: labels[i] == labels[j]


def common(matrix):
    return lambda i, j: bool((matrix[i] & matrix[j]).any())


@EACH_CASE
def test_object_bias(case):
    expected = plain.moad(case.image, same(case.object), same(case.attribute))
    assert measures.moad(case.image, case.object, case.attribute) == close(expected)
    of_text = case.object[case.text_to_image], case.attribute[case.text_to_image]
    expected = plain.moad(case.text, same(of_text[0]), same(of_text[1]))
    assert measures.moad(case.text, *of_text) == close(expected)


@EACH_CASE
def test_labels_are_words_numbers_or_columns(case):
    words = np.array([f"object {name}" for name in case.object])
    columns = np.eye(4, dtype=bool)[case.attribute]
    expected = measures.moad(case.image, case.object, case.attribute)
    assert measures.moad(case.image, words, columns) == close(expected)
    assert measures.moad(case.image, list(words), columns.astype(np.float32)) == close(expected)
    assert measures.moad(case.image, words, columns, pooling="attributes") == close(expected)


@pytest.mark.parametrize("seed", range(3))
def test_object_bias_with_several_attributes_or_none(seed):
    case = structured_case(seed)
    matrix = np.random.default_rng(seed).random((60, 5)) < 0.25
    matrix[:3] = False
    expected = plain.moad(case.image, same(case.object), common(matrix))
    assert measures.moad(case.image, case.object, matrix) == close(expected)


def test_several_attributes_pooled_one_by_one():
    case = structured_case(images=12)
    matrix = np.random.default_rng(1).random((12, 4)) < 0.5
    vectors = plain.unit(case.image)
    same_attribute, other_attribute = [], []
    for i, j in itertools.permutations(range(12), 2):
        for a, b in itertools.product(np.flatnonzero(matrix[i]), np.flatnonzero(matrix[j])):
            (same_attribute if a == b else other_attribute).append(vectors[i] @ vectors[j])
    found = measures.contrast(case.image, matrix, pooling="attributes")
    assert found.same == close(np.mean(same_attribute))
    assert found.other == close(np.mean(other_attribute))


def test_objects_that_shape_a_space_and_attributes_that_do():
    case = structured_case(each=1)
    assert measures.moad(case.image, case.object, case.attribute) > 0.3
    assert measures.moad(case.image, case.attribute, case.object) < -0.3


def test_all_share_or_none_does():
    image = random_case().image
    assert np.isnan(measures.moad(image, np.zeros(40, int), np.arange(40) % 2))
    assert np.isnan(measures.moad(image, np.arange(40), np.arange(40) % 2))
    assert measures.contrast(image, np.zeros(40, int)).same == close(1 - 2 * plain.within(image))


def test_weights_repeat_rows_without_making_them_pairs():
    case = structured_case(images=12)
    weights = np.random.default_rng(0).integers(0, 4, size=12).astype(float)
    same_sum = other_sum = same_pairs = other_pairs = 0
    vectors = plain.unit(case.image)
    for i in range(12):
        for j in range(12):
            weight = weights[i] * weights[j] * (i != j)
            if case.object[i] == case.object[j]:
                same_sum += weight * (vectors[i] @ vectors[j])
                same_pairs += weight
            else:
                other_sum += weight * (vectors[i] @ vectors[j])
                other_pairs += weight
    found = measures.contrast(case.image, case.object, weights)
    assert found.same == close(same_sum / same_pairs)
    assert found.other == close(other_sum / other_pairs)


@EACH_CASE
def test_neighbourhoods(case):
    given_case = case.image, case.text, case.object, case.text_to_image
    expected = plain.neighbourhood_distance(*given_case)
    assert measures.neighbourhood_distance(*given_case) == close(expected)


def test_neighbourhoods_that_are_the_same_and_random():
    draw = np.random.default_rng(0)
    image, classes = draw.normal(size=(300, 24)), np.arange(300) % 30
    assert measures.neighbourhood_distance(image, 2 * image, classes) == close(0)
    text = draw.normal(size=(300, 24))
    assert measures.neighbourhood_distance(image, text, classes) == pytest.approx(0.5, abs=0.05)
    found = measures.random_neighbourhood_distance(image, image, classes)
    assert found == pytest.approx(0.5, abs=0.02)
    assert found == measures.random_neighbourhood_distance(image, image, classes)


def test_neighbours_in_the_opposite_order():
    angles = np.array([0.0, 1.0, 3.0])
    image, text = (np.stack([np.cos(a), np.sin(a)], axis=1) for a in (angles, angles[[1, 0, 2]]))
    # of the three classes only the last sees its two neighbours change places
    assert measures.neighbourhood_distance(image, text, np.arange(3)) == close(1 / 3)


def test_classes_without_texts_have_no_neighbourhood():
    case = random_case()
    three = np.where(case.object < 3, case.object, 3)
    matches = np.flatnonzero(three < 3)
    expected = plain.neighbourhood_distance(case.image, case.text[matches], three, matches)
    found = measures.neighbourhood_distance(case.image, case.text[matches], three, matches)
    assert found == close(expected)
    with pytest.raises(ValueError, match="not 2"):
        measures.neighbourhood_distance(case.image, case.text, case.object > 1, None)


def test_clusters_that_are_the_classes():
    case = structured_case(apart=0.0)
    image = np.eye(16)[case.object] + 0.01 * case.image
    text = np.eye(16)[case.object[case.text_to_image]] + 0.01 * case.text
    assert measures.v_measure(image, text, case.object, case.text_to_image) == close(1)


def test_clusters_follow_the_modality_where_the_gap_is_wide():
    case = structured_case(apart=6.0)
    assert measures.v_measure(case.image, case.text, case.object % 2, case.text_to_image) < 0.1


@EACH_CASE
def test_clustering_is_k_means_of_both_modalities(case):
    vectors = np.concatenate([plain.unit(case.image), plain.unit(case.text)])
    labels = np.concatenate([case.object, case.object[case.text_to_image]])
    k_means = KMeans(len(set(labels)), n_init=4, random_state=7).fit(vectors)
    expected = v_measure_score(labels, k_means.labels_)
    found = measures.v_measure(case.image, case.text, case.object, case.text_to_image, seed=7)
    assert found == close(expected)


@EACH_CASE
def test_accuracy_of_the_nearest_class(case):
    matrix = np.random.default_rng(0).random((len(case.image), 4)) < 0.4
    matrix[:, 3] = False
    for labels, has, classes in (
        (case.object, lambda i, name: case.object[i] == name, range(6)),
        (matrix, lambda i, name: bool(matrix[i, name]), range(3)),
    ):
        expected = plain.nearest_class_is_right(
            case.image, case.text, has, case.text_to_image, classes
        )
        found = measures.class_hits(case.image, case.text, labels, case.text_to_image)
        assert list(found) == expected


def test_accuracy_of_prompts():
    image, prompts = np.eye(4)[[0, 1, 2, 0]] + 0.1, np.eye(4)[:3]
    assert list(measures.prompt_hits(image, prompts, [0, 1, 1, 0])) == [1, 1, 0, 1]
    matrix = np.array([[1, 0, 0], [1, 0, 1], [1, 0, 1], [0, 0, 0]])
    assert list(measures.prompt_hits(image, prompts, matrix)) == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0, 1, 3, 0], "numbers of the 3 prompts"),
        ([0, -1, 2, 0], "numbers of the 3 prompts"),
        (["a", "b", "c", "d"], "numbers of the 3 prompts"),
        (np.ones((4, 2)), "2 classes and 3 prompts"),
        ([0, 1], "2 labels for 4 rows"),
    ],
)
def test_classes_without_a_prompt(classes, message):
    with pytest.raises(ValueError, match=message):
        measures.prompt_hits(np.eye(4), np.eye(4)[:3], classes)


@pytest.mark.parametrize(
    "labels", [np.ones((40, 2)) * 2, np.ones((40, 2, 2)), np.linspace(0, 1, 40), np.array(3)]
)
def test_what_is_no_label(labels):
    with pytest.raises(ValueError, match="one a row, or a matrix"):
        measures.moad(random_case().image, labels, np.arange(40))


def test_labels_for_other_rows():
    with pytest.raises(ValueError, match="39 labels for 40 rows"):
        measures.moad(random_case().image, np.arange(39), np.arange(40))
    with pytest.raises(ValueError, match="not a matrix"):
        measures.v_measure(random_case().image, random_case().text, np.eye(40))


def test_half_truths():
    image = np.eye(3)
    true = np.array([[1, 0, 0], [0, 0.5, 0.5], [0, 0, 1.0]])
    half_true = np.array([[0, 1, 0], [0, 1, 0], [0, 0, 2.0]])
    assert list(measures.half_truth_hits(image, true, half_true)) == [1, 0, 0.5]
    with pytest.raises(ValueError, match="differ in shape"):
        measures.half_truth_hits(image, true, half_true[:2])


@given(st.integers(0, 10**6), st.integers(4, 25), st.integers(1, 6))
def test_bias_does_not_depend_on_order_or_names(seed, rows, dimensions):
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(rows, dimensions))
    objects, matrix = draw.integers(3, size=rows), draw.random((rows, 4)) < 0.4
    order, columns, names = draw.permutation(rows), draw.permutation(4), draw.permutation(3)
    moved = measures.moad(vectors[order], names[objects[order]], matrix[order][:, columns])
    assert moved == pytest.approx(measures.moad(vectors, objects, matrix), abs=1e-9, nan_ok=True)
    swapped = measures.moad(vectors, matrix, objects)
    assert swapped == pytest.approx(-measures.moad(vectors, objects, matrix), abs=1e-9, nan_ok=True)
