"""evenpair measure: every figure, for one model and for two, and what it says of bad input."""

import json
import math
import re

import numpy as np
import pytest

from evenpair.diagnostics import measures
from evenpair.diagnostics.embeddings.embeddings import embeddings_of
from evenpair.diagnostics.summary.figures import FIGURES
from evenpair.diagnostics.summary.options import MeasureOptions
from evenpair.diagnostics.summary.show import warnings
from evenpair.diagnostics.summary.summarise import summarise

from ..support import plain_measures as plain
from ..support.commands import call
from ..support.embedding_cases import random_case, structured_case

CASE = structured_case(each=2)
ARRAYS = {
    "image": CASE.image,
    "text": CASE.text,
    "text_to_image": CASE.text_to_image,
    "object": CASE.object,
    "attribute": CASE.attribute,
    "temperature": np.array(0.1),
}


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "model.npz", **ARRAYS)
    return tmp_path / "model.npz"


def measured(arrays, **options):
    return summarise(embeddings_of(arrays, "arrays"), MeasureOptions(**options))


def own_texts(case):
    return [set(np.flatnonzero(case.text_to_image == i)) for i in range(len(case.image))]


def test_the_json_agrees_with_plain_computations(file):
    answer = call("measure", file, "--json")
    assert (answer.status, answer.err) == (0, "")
    found = json.loads(answer.out)
    given = CASE.image, CASE.text, CASE.text_to_image
    centred = plain.centred(CASE.image), plain.centred(CASE.text)
    of_text = [labels[CASE.text_to_image] for labels in (CASE.object, CASE.attribute)]
    counts = plain.occurrences(CASE.image, CASE.text, 10)
    expected = {
        "l2m": plain.l2m(CASE.image, CASE.text),
        "l2i": plain.l2i(*given),
        "rmg": plain.rmg(*given),
        "centred_rmg": plain.rmg(*centred, CASE.text_to_image),
        "alignment": plain.alignment(*given),
        "uniformity_image": plain.uniformity(CASE.image),
        "uniformity_text": plain.uniformity(CASE.text),
        "cross_uniformity": plain.cross_uniformity(*given),
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
    assert found["separability"] == measures.separability(*given)
    assert (found["images"], found["texts"], found["dimensions"]) == (60, 120, 16)
    assert (found["temperature"], found["notes"]) == (0.1, [])
    assert set(FIGURES) < set(found)
    assert [name for name in FIGURES if found[name] is None] == ["half_truth_accuracy"]


def same(labels):
    return lambda i, j: labels[i] == labels[j]


def test_every_figure_has_a_line_that_says_what_it_means(file):
    answer = call("measure", file)
    assert answer.status == 0
    lines = {line.split()[0]: line for line in answer.out.splitlines() if line.strip()}
    shown = [figure for figure in FIGURES.values() if figure.name != "half_truth_accuracy"]
    assert [f.name for f in shown if f.meaning not in lines.get(f.name, "")] == []
    assert [f.name for f in shown if f.better not in lines[f.name]] == []
    assert f"{json.loads(call('measure', file, '--json').out)['l2m']:.4f}" in lines["l2m"]


def test_what_the_data_do_not_allow_is_null_and_not_shown(tmp_path):
    case = random_case()
    np.savez(tmp_path / "a.npz", image=case.image, text=case.text)
    found = json.loads(call("measure", tmp_path / "a.npz", "--json").out)
    missing = {name for name in FIGURES if found[name] is None}
    assert missing == {
        *("moad_image", "moad_text", "object_accuracy", "attribute_accuracy", "v_measure"),
        *("neighbourhood_distance", "neighbourhood_distance_random", "half_truth_accuracy"),
    }
    assert found["temperature"] == 0.07
    assert "moad" not in call("measure", tmp_path / "a.npz").out


def test_half_truths_and_prompts():
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
    assert found.notes == ["object_accuracy: classes must be numbers of the 3 prompts"]


def test_the_temperature_of_the_option_comes_first(file):
    found = json.loads(call("measure", file, "--json", "--temperature", "0.5").out)
    assert found["temperature"] == 0.5
    expected = np.mean(plain.entropies(CASE.image, CASE.text, 0.5))
    assert found["entropy_image_to_text"] == pytest.approx(expected)


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


def test_a_sample_comes_close_to_all():
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


def test_as_many_images_as_the_sample_are_all_compared():
    assert measured(ARRAYS, sample=60, queries=1).values == measured(ARRAYS).values


def test_the_same_seed_gives_the_same_figures():
    arrays = vars(structured_case(images=100))
    first = measured(arrays, sample=30, queries=20, bootstrap=5)
    again = measured(arrays, sample=30, queries=20, bootstrap=5)
    other = measured(arrays, sample=30, queries=20, bootstrap=5, seed=1)
    assert first == again
    assert first.values != other.values


def test_two_models_side_by_side(file, tmp_path):
    wide = structured_case(apart=2.0)
    np.savez(tmp_path / "wide.npz", **vars(wide), temperature=0.1)
    answer = call("measure", file, "--compare", tmp_path / "wide.npz", "--json")
    found = json.loads(answer.out)
    paths = file, tmp_path / "wide.npz"
    alone = [json.loads(call("measure", path, "--json").out) for path in paths]
    assert found["measured"] == alone
    assert found["files"] == [str(file), str(tmp_path / "wide.npz")]
    assert found["change"]["l2m"] == pytest.approx(alone[1]["l2m"] - alone[0]["l2m"])
    lines = call("measure", file, "--compare", tmp_path / "wide.npz").out.splitlines()
    (gap,) = (line for line in lines if line.split()[:1] == ["l2m"])
    assert f"{alone[0]['l2m']:.4f}    {alone[1]['l2m']:.4f}  lower (1)" in gap


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
    told = [
        (gap, smaller, [name for name in BOTH if name in rest])
        for gap, smaller, rest in (
            re.match(r"(\w+) is smaller in (\w+) (.*)", line).groups() for line in found
        )
    ]
    assert told == expected


def test_the_warning_is_printed_and_in_the_json(file, tmp_path):
    shuffled = np.random.default_rng(0).permutation(120)
    image, text = CASE.image - CASE.image.mean(axis=0), CASE.text - CASE.text.mean(axis=0)
    near = ARRAYS | {"image": image, "text": text[shuffled]}
    np.savez(tmp_path / "near.npz", **near)
    answer = call("measure", file, "--compare", tmp_path / "near.npz")
    (line,) = [line for line in answer.out.splitlines() if line.startswith("warning: l2m")]
    assert "near.npz" in line
    found = json.loads(call("measure", file, "--compare", tmp_path / "near.npz", "--json").out)
    assert f"warning: {found['warnings'][0]}" == line


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_vector_without_direction_is_one_line_and_exit_1(tmp_path, bad):
    text = CASE.text.copy()
    text[7] = bad
    np.savez(tmp_path / "a.npz", **ARRAYS | {"text": text})
    answer = call("measure", tmp_path / "a.npz")
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "evenpair: text: row 7 has no direction: it is zero or not finite\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--temperature", "0"], "--temperature must be above 0, not 0"),
        (["--temperature", "nan"], "--temperature must be above 0, not nan"),
        (["--sample", "3"], "--sample must be at least 20, not 3"),
        (["--queries", "0"], "--queries must be at least 1, not 0"),
        (["--bootstrap", "-1"], "--bootstrap must be at least 0, not -1"),
        (["--compare", "no.npz"], "no such file: no.npz"),
    ],
)
def test_options_out_of_range(file, options, message):
    answer = call("measure", file, *options)
    assert (answer.status, answer.out, answer.err) == (2, "", f"evenpair: {message}\n")


def test_what_is_missing_is_one_line_and_exit_2(tmp_path):
    answer = call("measure", tmp_path / "no.npz")
    assert (answer.status, answer.err) == (2, f"evenpair: no such file: {tmp_path}/no.npz\n")
    np.savez(tmp_path / "a.npz", image=CASE.image)
    answer = call("measure", tmp_path / "a.npz")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err == f"evenpair: {tmp_path}/a.npz has no array text: it holds image\n"


@pytest.mark.parametrize("images", [1, 2, 3, 11])
def test_few_pairs_give_what_they_allow(images):
    draw = np.random.default_rng(images)
    found = measured(
        {"image": draw.normal(size=(images, 4)), "text": draw.normal(size=(images, 4))}
    )
    assert found.values["l2i"] > 0
    assert all(value is None or math.isfinite(value) for value in found.values.values())
    assert bool(found.values.get("hubness_skew")) == (images > 10)
    assert ("rmg" in found.values) is True


def test_all_vectors_the_same():
    found = measured({"image": np.ones((30, 4)), "text": np.ones((30, 4))})
    assert (found.values["l2m"], found.values["rmg"]) == (0.0, None)
    assert found.values["separability"] == 0.5
    assert found.values.get("centred_rmg") is None
    assert [note for note in found.notes if note.startswith("centred_rmg")] != []


def test_it_says_what_the_temperature_may_be():
    assert any(
        "inverse" in note for note in measured(ARRAYS | {"temperature": np.array(100.0)}).notes
    )


def test_images_without_texts_are_noted():
    arrays = ARRAYS | {"text": CASE.text[:100], "text_to_image": CASE.text_to_image[:100]}
    assert measured(arrays).notes == ["10 images have no text"]


def test_without_scikit_learn(file, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    answer = call("measure", file)
    assert answer.status == 2
    assert answer.err == "evenpair: scikit-learn is missing: pip install 'evenpair[measure]'\n"
