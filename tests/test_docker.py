"""The images of workers, as far as their recipes tell: versions, files, extras and imports."""

import importlib
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
    """A recipe, one instruction a line, without comments."""
    lines = (ROOT / "docker" / request.param).read_text().replace("\\\n", "").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def argument(recipe, name):
    return next(line.partition("=")[2] for line in recipe if line.startswith(f"ARG {name}="))


def test_versions_are_within_the_bounds_of_the_package(recipe):
    needed = map(Requirement, PROJECT["project"]["dependencies"])
    [beam] = [need.specifier for need in needed if need.name == "apache-beam"]
    assert argument(recipe, "BEAM") in beam
    assert argument(recipe, "PYTHON") in SpecifierSet(PROJECT["project"]["requires-python"])
    stages = [line.split()[1] for line in recipe if line.startswith("FROM ")]
    python = "python:${PYTHON}-slim"
    assert stages == ["apache/beam_python${PYTHON}_sdk:${BEAM}", python, python]


def test_the_package_is_copied_whole(recipe):
    copies = [line.split()[1:-1] for line in recipe if re.match(r"COPY (?!--from)", line)]
    copied = {name for names in copies for name in names}
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    folders = {name.split(".")[1] for name in PROJECT["tool"]["setuptools"]["packages"][1:]}
    files = {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"], "py.typed"}
    assert copied == folders | files | {"pyproject.toml", "__init__.py"}


def test_the_extras_are_those_of_the_package(recipe):
    [extras] = re.findall(r"whl\)\[([\w,]+)\]", "\n".join(recipe))
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])
    assert ("caption" in extras) == any("LD_LIBRARY_PATH" in line for line in recipe)


def test_what_python_is_asked_to_do_can_be_done(recipe):
    imports = re.findall(r"from (evenpair[\w.]+) import ([\w, ]+?);", "\n".join(recipe))
    assert imports[0] == ("evenpair.models.load_parser", "load_parser")
    for module, names in imports:
        found = importlib.import_module(module)
        assert [name for name in names.split(", ") if not hasattr(found, name)] == []


def test_beam_boots_it(recipe):
    assert recipe[-2:] == [
        "COPY --from=beam /opt/apache/beam /opt/apache/beam",
        'ENTRYPOINT ["/opt/apache/beam/boot"]',
    ]
