import numpy as np
import pytest

from evenpair.diagnostics import measures

from ..support import plain_measures as plain
from ..support.embedding_cases import random_case, structured_case


def test_every_resample_draws_as_many_images_as_there_are():
    drawn = measures.resample(50, 30)
    assert drawn.shape == (30, 50)
    assert (drawn.sum(axis=1) == 50).all()
    assert (drawn == measures.resample(50, 30)).all()
    assert (drawn != measures.resample(50, 30, seed=1)).any()


def test_the_interval_of_a_mean_is_the_normal_one_for_many_values():
    values = np.random.default_rng(0).normal(size=2000)
    low, high = measures.mean_interval(values, np.arange(2000), measures.resample(2000, 1000))
    error = 1.96 / np.sqrt(2000)
    assert (low, high) == pytest.approx(
        (values.mean() - error, values.mean() + error), abs=0.1 * error
    )


def test_texts_are_drawn_with_their_image():
    image_of_text = np.repeat(np.arange(10), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5])
    values = np.arange(30.0)
    drawn = measures.resample(10, 7)
    means = [np.mean(np.repeat(values, row[image_of_text])) for row in drawn]
    expected = tuple(np.quantile(means, [0.05, 0.95]))
    assert measures.mean_interval(values, image_of_text, drawn, 0.9) == pytest.approx(expected)


def test_intervals_of_the_gap_are_those_of_resampled_pairs():
    case = structured_case(images=30)
    drawn = measures.resample(30, 9)
    expected = {name: [] for name in ("l2m", "l2i", "alignment")}
    for row in drawn:
        images = np.repeat(np.arange(30), row)
        texts = [np.flatnonzero(case.text_to_image == i) for i in images]
        matches = np.repeat(np.arange(30), [len(own) for own in texts])
        x, y = case.image[images], case.text[np.concatenate(texts)]
        expected["l2m"].append(plain.l2m(x, y))
        expected["l2i"].append(plain.l2i(x, y, matches))
        expected["alignment"].append(plain.alignment(x, y, matches))
    found = measures.gap_intervals(case.image, case.text, drawn, case.text_to_image, 0.8)
    assert set(found) == {*expected, "rmg"}
    for name, values in expected.items():
        assert found[name] == pytest.approx(tuple(np.quantile(values, [0.1, 0.9])), abs=1e-9)


def test_an_image_drawn_twice_is_no_pair_with_itself():
    case = random_case(images=12, texts=12)
    drawn = measures.resample(12, 5)
    expected = []
    x, y = plain.unit(case.image), plain.unit(case.text)
    for row in drawn.astype(float):
        pairs = np.outer(row, row) * (1 - np.eye(12))
        within = [
            (pairs * (1 - v @ v.T) / 2).sum() / pairs.sum()
            for v in (x, y[np.argsort(case.text_to_image)])
        ]
        apart = ((x[case.text_to_image] - y) ** 2).sum(axis=1) / 4
        weight = row[case.text_to_image]
        matched = (weight @ apart) / weight.sum()
        expected.append(matched / (matched + np.mean(within)))
    found = measures.gap_intervals(case.image, case.text, drawn, case.text_to_image)
    assert found["rmg"] == pytest.approx(tuple(np.quantile(expected, [0.025, 0.975])), abs=1e-9)


def test_the_interval_of_any_statistic_of_weights():
    case = structured_case(images=30)
    drawn = measures.resample(30, 11)
    low, high = measures.bootstrap(
        lambda weights: measures.moad(case.image, case.object, case.attribute, weights), drawn
    )
    values = [
        measures.moad(case.image, case.object, case.attribute, row.astype(float)) for row in drawn
    ]
    assert (low, high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    held = 0
    for seed in range(40):
        values = np.random.default_rng(seed).exponential(size=200)
        low, high = measures.mean_interval(values, np.arange(200), measures.resample(200, 200))
        held += low <= 1 <= high
    assert held >= 34
