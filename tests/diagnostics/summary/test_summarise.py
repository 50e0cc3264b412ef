"""Every figure of a model, against plain computations and at its limits; warnings for two."""

import json
import math
import re

import numpy as np
import pytest

from evenpair.diagnostics import measures
from evenpair.diagnostics.summary.figures import FIGURES
from evenpair.diagnostics.summary.show import warnings

from ...support import plain_measures as plain
from ...support.commands import call
from ...support.embedding_cases import random_case, structured_case
from ...support.measured_case import ARRAYS, CASE, measured
from ...support.messages import numbers_in, unnamed


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "model.npz", **ARRAYS)
    return tmp_path / "model.npz"


def own_texts(case):
    return [set(np.flatnonzero(case.text_to_image == i)) for i in range(len(case.image))]


def test_every_figure_of_the_json_equals_the_plain_computation(file):
    answer = call("measure", file, "--json")
    assert (answer.status, answer.err) == (0, "")
    found = json.loads(answer.out)
    vectors = CASE.image, CASE.text, CASE.text_to_image
    centred = plain.centred(CASE.image), plain.centred(CASE.text)
    of_text = [labels[CASE.text_to_image] for labels in (CASE.object, CASE.attribute)]
    counts = plain.occurrences(CASE.image, CASE.text, 10)
    expected = {
        "l2m": plain.l2m(CASE.image, CASE.text),
        "l2i": plain.l2i(*vectors),
        "rmg": plain.rmg(*vectors),
        "centred_rmg": plain.rmg(*centred, CASE.text_to_image),
        "alignment": plain.alignment(*vectors),
        "uniformity_image": plain.uniformity(CASE.image),
        "uniformity_text": plain.uniformity(CASE.text),
        "cross_uniformity": plain.cross_uniformity(*vectors),
        "entropy_image_to_text": np.mean(plain.entropies(CASE.image, CASE.text, 0.1)),
        "entropy_text_to_image": np.mean(plain.entropies(CASE.text, CASE.image, 0.1)),
        "r1_image_to_text": plain.recall(CASE.image, CASE.text, own_texts(CASE), 1),
        "r10_text_to_image": plain.recall(
            CASE.text, CASE.image, [{i} for i in CASE.text_to_image], 10
        ),
        "hubness_skew": plain.skewness(counts),
        "anti_hubs": np.mean(counts == 0),
        "moad_image": plain.moad(CASE.image, *map(same, (CASE.object, CASE.attribute))),
        "moad_text": plain.moad(CASE.text, *map(same, of_text)),
        "neighbourhood_distance": plain.neighbourhood_distance(
            CASE.image, CASE.text, CASE.object, CASE.text_to_image
        ),
        "specificity": np.mean(plain.specificity(CASE.image, CASE.text[::2], 0.1)),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-5)
    assert found["separability"] == measures.separability(*vectors)
    assert (found["images"], found["texts"], found["dimensions"]) == (60, 120, 16)
    assert (found["temperature"], found["notes"]) == (0.1, [])
    assert set(FIGURES) < set(found)
    assert [name for name in FIGURES if found[name] is None] == ["half_truth_accuracy"]


def same(labels):
    return lambda i, j: labels[i] == labels[j]


def test_half_truths_and_prompts_are_measured():
    extra = {
        "short": CASE.image, "foil": -CASE.image,
        "object_prompts": np.eye(16)[:6], "attribute_prompts": CASE.text[:4],
    }  # fmt: skip
    values = measured(ARRAYS | extra).values
    assert values["half_truth_accuracy"] == 1.0
    hits = measures.prompt_hits(CASE.image, np.eye(16)[:6], CASE.object)
    assert values["object_accuracy"] == hits.mean()
    hits = measures.prompt_hits(CASE.image, CASE.text[:4], CASE.attribute)
    assert values["attribute_accuracy"] == hits.mean()


def test_labels_that_no_prompt_has_are_noted():
    found = measured(ARRAYS | {"object_prompts": np.eye(16)[:3]})
    assert found.values.get("object_accuracy") is None
    [note] = found.notes
    assert unnamed(note, "object_accuracy", 3) == []


def test_intervals_hold_the_figures(file):
    found = json.loads(call("measure", file, "--json", "--bootstrap", "40").out)
    inside = {name: low <= found[name] <= high for name, (low, high) in found["intervals"].items()}
    named = {"l2m", "l2i", "rmg", "alignment", "moad_image", "moad_text", "specificity"}
    named |= {f"r{k}_{way}" for k in (1, 5, 10) for way in ("image_to_text", "text_to_image")}
    named |= {f"entropy_{way}" for way in ("image_to_text", "text_to_image")}
    assert set(inside) == named | {"object_accuracy", "attribute_accuracy"}
    assert [name for name, held in inside.items() if not held] == []
    wide = {name for name, (low, high) in found["intervals"].items() if high - low > 1e-6}
    assert set(inside) - wide <= {"object_accuracy"}
    assert call("measure", file, "--bootstrap", "40").out.count("[") == len(inside)


def test_figures_of_a_sample_are_close_to_those_of_all():
    case = structured_case(images=800, each=2, dimensions=8)
    arrays = vars(case)
    everything, sample = measured(arrays), measured(arrays, sample=300, queries=400, seed=4)
    assert (sample.sampled_images, sample.queries, sample.images) == (300, 400, 800)
    exact = ("l2m", "l2i", "rmg", "alignment", "centred_rmg", "moad_image", "moad_text")
    assert {n: sample.values[n] for n in exact} == {n: everything.values[n] for n in exact}
    close = ("uniformity_image", "uniformity_text", "cross_uniformity", "separability")
    close += ("entropy_image_to_text", "entropy_text_to_image", "attribute_accuracy")
    close += ("r10_text_to_image", "r10_image_to_text", "neighbourhood_distance")
    assert {n: sample.values[n] for n in close} == pytest.approx(
        {n: everything.values[n] for n in close}, abs=0.15
    )
    changed = [n for n in close if sample.values[n] != everything.values[n]]
    assert len(changed) > 5


def test_a_sample_of_all_images_gives_the_figures_of_all():
    assert measured(ARRAYS, sample=60, queries=1).values == measured(ARRAYS).values


def test_the_same_seed_gives_the_same_figures():
    arrays = vars(structured_case(images=100))
    first = measured(arrays, sample=30, queries=20, bootstrap=5)
    again = measured(arrays, sample=30, queries=20, bootstrap=5)
    other = measured(arrays, sample=30, queries=20, bootstrap=5, seed=1)
    assert first == again
    assert first.values != other.values


def gaps_and_recall(l2m, rmg, to_text, to_image):
    found = measured(vars(random_case()))
    names = ("l2m", "rmg", "r1_image_to_text", "r1_text_to_image")
    found.values = dict(zip(names, (l2m, rmg, to_text, to_image), strict=True))
    return found


BOTH = ["r1_image_to_text", "r1_text_to_image"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.8, 0.6, 0.2, 0.2), (0.2, 0.3, 0.3, 0.3), []),
        ((0.8, 0.6, 0.2, 0.2), (0.2, 0.3, 0.2, 0.2), [("l2m", "new", BOTH), ("rmg", "new", BOTH)]),
        ((0.2, 0.3, 0.2, 0.2), (0.8, 0.6, 0.2, 0.2), [("l2m", "old", BOTH), ("rmg", "old", BOTH)]),
        (
            (0.8, 0.3, 0.2, 0.2),
            (0.2, 0.6, 0.3, 0.1),
            [("l2m", "new", BOTH[1:]), ("rmg", "old", BOTH[:1])],
        ),
        ((0.2, 0.3, 0.2, 0.2), (0.2, 0.3, 0.9, 0.9), []),
        ((None, 0.3, 0.2, 0.2), (0.2, 0.3, 0.9, 0.9), []),
    ],
)
def test_a_gap_that_closes_without_better_retrieval_is_a_warning(first, second, expected):
    found = warnings(["old", "new"], [gaps_and_recall(*first), gaps_and_recall(*second)])
    named = [
        (gap, smaller, [name for name in BOTH if name in rest])
        for gap, smaller, rest in (
            re.match(r"(\w+) is smaller in (\w+) (.*)", line).groups() for line in found
        )
    ]
    assert named == expected


@pytest.mark.parametrize("images", [1, 2, 3, 11])
def test_few_pairs_give_the_figures_that_they_allow(images):
    draw = np.random.default_rng(images)
    found = measured(
        {"image": draw.normal(size=(images, 4)), "text": draw.normal(size=(images, 4))}
    )
    assert found.values["l2i"] > 0
    known = [value for value in found.values.values() if value is not None]
    assert [value for value in known if not math.isfinite(value)] == []
    assert bool(found.values.get("hubness_skew")) == (images > 10)
    assert "rmg" in found.values


def test_equal_vectors_have_no_gap_and_no_figures_of_their_order():
    found = measured({"image": np.ones((30, 4)), "text": np.ones((30, 4))})
    assert (found.values["l2m"], found.values["rmg"]) == (0.0, None)
    assert found.values["separability"] == 0.5
    assert found.values.get("centred_rmg") is None
    assert [note for note in found.notes if note.startswith("centred_rmg")] != []


def test_a_temperature_that_looks_like_its_inverse_is_noted():
    [note] = measured(ARRAYS | {"temperature": np.array(100.0)}).notes
    assert unnamed(note, "temperature", "100") == []


def test_images_without_texts_are_noted():
    arrays = ARRAYS | {"text": CASE.text[:100], "text_to_image": CASE.text_to_image[:100]}
    [note] = measured(arrays).notes
    assert numbers_in(note) == [10]
