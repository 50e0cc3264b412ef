"""The recipes of the workers' images: versions, files, extras, imports and the boot program."""

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RECIPES = ("Dockerfile", "Dockerfile.gpu")


@pytest.fixture(params=RECIPES)
def recipe(request):
    """A recipe as one instruction a line, without comments."""
    lines = (ROOT / "docker" / request.param).read_text().replace("\\\n", "").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def argument(recipe, name):
    return next(line.partition("=")[2] for line in recipe if line.startswith(f"ARG {name}="))


def test_every_stage_uses_versions_that_the_package_allows(recipe):
    needed = map(Requirement, PROJECT["project"]["dependencies"])
    [beam] = [need.specifier for need in needed if need.name == "apache-beam"]
    assert argument(recipe, "BEAM") in beam
    assert argument(recipe, "PYTHON") in SpecifierSet(PROJECT["project"]["requires-python"])
    images = [line.split()[1] for line in recipe if line.startswith("FROM ")]
    assert [image for image in images if "${PYTHON}" not in image] == []
    assert [image for image in images if "beam" in image and "${BEAM}" not in image] == []
    assert "apache-beam[gcp]==${BEAM}" in "\n".join(recipe)


def test_all_files_of_the_package_are_copied(recipe):
    copies = [line.split()[1:-1] for line in recipe if re.match(r"COPY (?!--from)", line)]
    copied = {name for names in copies for name in names}
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    folders = {name.split(".")[1] for name in PROJECT["tool"]["setuptools"]["packages"][1:]}
    files = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], "py.typed"}
    assert copied == folders | files | {"pyproject.toml", "__init__.py"}


def test_the_extras_exist(recipe):
    [extras] = re.findall(r"whl\)\[([\w,]+)\]", "\n".join(recipe))
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])
    assert ("caption" in extras) == any("LD_LIBRARY_PATH" in line for line in recipe)


def test_the_functions_that_a_recipe_calls_exist(recipe):
    imports = re.findall(r"from (evenpair[\w.]+) import ([\w, ]+?);", "\n".join(recipe))
    assert imports[0] == ("evenpair.models.load_parser", "load_parser")
    for module, names in imports:
        imported = importlib.import_module(module)
        assert [name for name in names.split(", ") if not hasattr(imported, name)] == []


def test_the_entry_point_is_copied_from_beams_image(recipe):
    stages = [line.split() for line in recipe if line.startswith("FROM ")]
    [beam] = [stage[3] for stage in stages if stage[1].startswith("apache/beam_python")]
    last = recipe[max(at for at, line in enumerate(recipe) if line.startswith("FROM ")) :]
    copies = [line.split()[2:] for line in last if line.startswith(f"COPY --from={beam} ")]
    [entry] = [line.partition(" ")[2] for line in last if line.startswith("ENTRYPOINT ")]
    [program] = json.loads(entry)
    assert program.endswith("/boot")
    assert [target for source, target in copies if source == target and program.startswith(target)]
