"""The packages that the code imports are declared in pyproject.toml."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import evenpair

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FOLDERS = [path.parent for path in Path(evenpair.__file__).parent.glob("*/__init__.py")]
OF_EXTRAS = {"google"}
"""Top-level names that several distributions share: those of the gcp extra come with Beam's."""


def imported_names():
    for folder in FOLDERS:
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    yield node.module.partition(".")[0]


def test_every_imported_package_is_declared():
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    declared = {canonicalize_name(Requirement(line).name) for group in groups for line in group}
    distributions = packages_distributions()
    names = set(imported_names()) - set(sys.stdlib_module_names) - OF_EXTRAS - {"evenpair"}
    assert {"apache_beam", "pyarrow", "spacy"} <= names
    undeclared = {
        name: distributions.get(name, ["not installed"])
        for name in names
        if not {canonicalize_name(d) for d in distributions.get(name, [])} & declared
    }
    assert undeclared == {}
