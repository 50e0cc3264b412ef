import numpy as np
import pytest

from evenpair.diagnostics import measures

from ..support import plain_measures as plain
from ..support.embedding_cases import random_case, structured_case


def test_modalities_that_are_apart():
    case = structured_case(apart=2.0)
    assert measures.separability(case.image, case.text, case.text_to_image) == 1.0


def test_pairs_that_coincide_cannot_be_told():
    image = random_case().image
    assert measures.separability(image, image) == 0.5


def test_modalities_that_are_mixed():
    case = random_case(images=2000, texts=2000, dimensions=8)
    assert measures.separability(case.image, case.text) == pytest.approx(0.5, abs=0.03)


def test_a_gap_that_is_only_in_the_means_goes_with_centring():
    draw = np.random.default_rng(0)
    image, text = draw.normal(size=(2, 1000, 32)) + np.array([[[0.5]], [[-0.5]]])
    assert measures.separability(image, text) > 0.95
    assert measures.centred_separability(image, text) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("pairs", "dimensions"), [(100, 128), (1000, 32), (1000, 128)])
def test_centring_leaves_nothing_to_tell_not_even_the_other_way_round(pairs, dimensions):
    draw = np.random.default_rng(0)
    image, text = draw.normal(size=(2, pairs, dimensions)) + np.array([[[0.5]], [[-0.5]]])
    found = measures.centred_separability(image, text)
    assert found == pytest.approx(0.5, abs=1.5 / np.sqrt(2 * pairs))
    naive = measures.separability(measures.centred(image), measures.centred(text))
    assert naive < 0.47


def test_a_gap_that_is_not_in_the_means_stays_after_centring():
    draw = np.random.default_rng(0)
    image, text = 0.1 * draw.normal(size=(2, 500, 8)) + 10 * np.eye(8)[7]
    text[:, 0] += np.where(draw.random(500) < 0.8, 1, -4)  # 0 on average, and 1 for most
    assert measures.centred_separability(image, text) > 0.6


def test_all_vectors_the_same_cannot_be_told():
    assert measures.centred_separability(np.ones((30, 4)), np.ones((30, 4))) == 0.5


class Spy:
    """Keeps what a regression is fitted to and asked for; says that everything is an image."""

    def __init__(self, **_options):
        self.fitted = self.asked = np.empty((0, 0))
        SPIES.append(self)

    def fit(self, vectors, labels):
        self.fitted = vectors
        return self

    def predict(self, vectors):
        self.asked = vectors
        return np.zeros(len(vectors))


SPIES: list[Spy] = []


def test_the_regression_never_sees_the_pairs_that_it_judges(monkeypatch):
    SPIES.clear()
    monkeypatch.setattr("evenpair.diagnostics.measures.separation.LogisticRegression", Spy)
    image = random_case(images=23, texts=23).image
    text = image + 0.5  # which pair a vector is of can be told
    assert measures.separability(image, text) == 0.5
    pairs = {tuple(v): n for n, v in enumerate(plain.unit(image).astype(np.float32))}
    pairs |= {tuple(v): n for n, v in enumerate(plain.unit(text).astype(np.float32))}
    folds = [[{pairs[tuple(v)] for v in part} for part in (s.fitted, s.asked)] for s in SPIES]
    assert [fitted & asked for fitted, asked in folds] == [set()] * 5
    assert sorted(n for _, asked in folds for n in asked) == list(range(23))
    assert [len(spy.asked) for spy in SPIES] == [10, 10, 10, 8, 8]


def test_an_image_is_judged_once_however_many_texts_it_has():
    case = random_case(images=100, texts=500, dimensions=8)
    first = [list(case.text_to_image).index(i) for i in range(100)]
    found = measures.separability(case.image, case.text, case.text_to_image, seed=5)
    assert found == measures.separability(case.image, case.text[first], seed=5)


def test_two_pairs_at_least():
    assert measures.separability(np.eye(2), -np.eye(2)) in (0.0, 0.25, 0.5, 0.75, 1.0)
    with pytest.raises(ValueError, match="two pairs"):
        measures.separability(np.eye(1), np.eye(1))
