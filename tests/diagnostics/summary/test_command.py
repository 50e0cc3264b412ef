"""``evenpair measure``: its lines, its JSON, two models side by side, and refused arguments."""

import json

import numpy as np
import pytest

from evenpair.diagnostics.summary.figures import FIGURES

from ...support import plain_measures as plain
from ...support.commands import call
from ...support.embedding_cases import random_case, structured_case
from ...support.measured_case import ARRAYS, CASE
from ...support.messages import assert_refused


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "model.npz", **ARRAYS)
    return tmp_path / "model.npz"


def test_every_figure_is_printed_with_its_meaning_and_the_better_direction(file):
    answer = call("measure", file)
    assert answer.status == 0
    lines = {line.split()[0]: line for line in answer.out.splitlines() if line.strip()}
    shown = [figure for figure in FIGURES.values() if figure.name != "half_truth_accuracy"]
    assert [f.name for f in shown if f.meaning not in lines.get(f.name, "")] == []
    assert [f.name for f in shown if f.better not in lines[f.name]] == []
    assert f"{json.loads(call('measure', file, '--json').out)['l2m']:.4f}" in lines["l2m"]


def test_figures_that_the_data_do_not_allow_are_null_and_not_printed(tmp_path):
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


def test_the_option_temperature_overrides_the_file(file):
    found = json.loads(call("measure", file, "--json", "--temperature", "0.5").out)
    assert found["temperature"] == 0.5
    expected = np.mean(plain.entropies(CASE.image, CASE.text, 0.5))
    assert found["entropy_image_to_text"] == pytest.approx(expected)


def test_two_models_are_printed_side_by_side(file, tmp_path):
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


def test_a_warning_is_printed_and_kept_in_the_json(file, tmp_path):
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
def test_a_vector_without_direction_is_named(tmp_path, bad):
    text = CASE.text.copy()
    text[7] = bad
    np.savez(tmp_path / "a.npz", **ARRAYS | {"text": text})
    answer = call("measure", tmp_path / "a.npz")
    assert_refused(answer, "text", 7, status=1)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--temperature", "0"], ["--temperature", 0]),
        (["--temperature", "nan"], ["--temperature", 0, "nan"]),
        (["--sample", "3"], ["--sample", 20, 3]),
        (["--queries", "0"], ["--queries", 1, 0]),
        (["--bootstrap", "-1"], ["--bootstrap", 0, -1]),
        (["--compare", "no.npz"], ["no.npz"]),
    ],
)
def test_a_value_out_of_range_is_refused(file, options, named):
    assert_refused(call("measure", file, *options), *named)


def test_a_missing_file_and_a_missing_array_are_named(tmp_path):
    assert_refused(call("measure", tmp_path / "no.npz"), tmp_path / "no.npz")
    np.savez(tmp_path / "a.npz", image=CASE.image)
    assert_refused(call("measure", tmp_path / "a.npz"), tmp_path / "a.npz", "text", "image")


def test_without_the_extra_the_message_says_how_to_install_it(file, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    answer = call("measure", file)
    assert_refused(answer, "pip install 'evenpair[measure]'")
