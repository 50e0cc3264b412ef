"""Imports point one way: what each folder may import, and that no two files import each other."""

import ast
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import evenpair

ROOT = Path(evenpair.__file__).parent
FOLDERS = {
    "schemas": {"schemas"},
    "models": {"models"},
    "models.training": {"models.training", "models", "transforms", "schemas"},
    "transforms": {"transforms", "models", "schemas"},
    "pipeline": {"pipeline", "transforms", "models", "schemas"},
    "diagnostics": {"diagnostics", "pipeline", "schemas"},
    "runners": {"runners", "pipeline", "transforms", "schemas"},
}
COMMAND_LINE = {"evenpair.runners.command_line", "evenpair.runners.main"}
FOREIGN_TO_SCHEMAS = {"pyarrow"}

FILES = {
    f"evenpair.{folder}.{path.stem}": path
    for folder in FOLDERS
    for path in sorted((ROOT / folder.replace(".", "/")).glob("*.py"))
}


def imported(module, path):
    """Every module that a file names in an import, wherever in it that stands."""
    package = module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in FILES else base for name in names)


IMPORTS = {module: set(imported(module, path)) for module, path in FILES.items()}


def folder_of(module):
    """The folder of one of our modules, None for the package itself and for what is not ours."""
    names = module.split(".")
    if names[0] != "evenpair":
        return None
    return next(
        (
            f
            for f in sorted(FOLDERS, key=len, reverse=True)
            if f"{module}.".startswith(f"evenpair.{f}.")
        ),
        None,
    )


def test_there_is_something_to_look_at():
    assert len(FILES) > 80
    assert {folder_of(module) for module in FILES} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_what_lies_below_it(folder):
    strangers = {
        (module, name)
        for module, names in IMPORTS.items()
        for name in names
        if folder_of(module) == folder
        and module not in COMMAND_LINE
        and folder_of(name) not in {None, *FOLDERS[folder]}
    }
    assert strangers == set()


def test_models_import_nothing_of_ours_but_each_other():
    ours = {
        (module, name)
        for module, names in IMPORTS.items()
        for name in names
        if folder_of(module) == "models" and name.startswith("evenpair") and name not in FILES
    }
    assert ours == set()


def test_schemas_import_the_standard_library_and_pyarrow():
    foreign = {
        (module, name)
        for module, names in IMPORTS.items()
        for name in names
        if folder_of(module) == "schemas"
        and folder_of(name) is None
        and name.split(".")[0] not in sys.stdlib_module_names | FOREIGN_TO_SCHEMAS
    }
    assert foreign == set()


def test_no_files_import_each_other():
    graph = {module: {n for n in names if n in FILES} for module, names in IMPORTS.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the files


def test_imports_inside_the_package_are_relative():
    absolute = {
        (str(path.relative_to(ROOT)), node.lineno)
        for path in FILES.values()
        for node in ast.walk(ast.parse(path.read_text()))
        if (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and node.module.startswith("evenpair")
        )
        or (isinstance(node, ast.Import) and any(a.name.startswith("evenpair") for a in node.names))
    }
    assert absolute == set()


def test_files_with_a_dofn_keep_their_annotations():
    # Beam reads type hints at run time: as strings they would all become Any.
    postponed = {
        module
        for module, names in IMPORTS.items()
        if "__future__" in names and "DoFn" in FILES[module].read_text()
    }
    assert postponed == set()


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("evenpair", None),
        ("evenpair.schemas", "schemas"),
        ("evenpair.schemas.tar", "schemas"),
        ("evenpair.models.training.train_prior", "models.training"),
        ("evenpair.models.load_prior", "models"),
        ("pyarrow.parquet", None),
    ],
)
def test_the_folder_of_a_module(module, folder):
    assert folder_of(module) == folder
