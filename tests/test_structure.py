"""The structure of the package: imports point one way, folders and files stay small."""

import ast
import sys
from collections import Counter
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import evenpair

ROOT = Path(evenpair.__file__).parent
FOLDERS = {
    "schemas": set(),
    "storage": {"schemas"},
    "models": set(),
    "scenes": {"schemas"},
    "transforms": {"storage", "scenes", "schemas", "models"},
    "pipeline": {"transforms", "storage", "scenes", "schemas", "models"},
    "runners": {"pipeline", "transforms", "storage", "schemas", "models"},
    "diagnostics": {"pipeline", "transforms", "storage", "scenes", "schemas", "models"},
    "training": {"transforms", "storage", "scenes", "schemas", "models"},
}
"""Every folder, and the others that its files may import."""

ORDERS = {
    "transforms": [
        {""},
        {"text", "read"},
        {"facts", "captioners", "verify", "download"},
        {"information", "embed"},
        {"enrich"},
        {"select", "join"},
        {"write"},
    ],
    "pipeline": [
        {"options"},
        {"inputs", "runs"},
        {"phases", "download", "verify"},
        {"report"},
        {""},
    ],
}
"""Folders inside a folder, from the ground up: each may import those of the earlier sets."""

COMMAND_LINE = {
    "evenpair.runners.cli.command_line",
    "evenpair.runners.cli.main",
    "evenpair.runners.cli.measure",
}
FOREIGN_TO_SCHEMAS = {"pyarrow"}
MOST_FILES, MOST_LINES = 22, 260

FILES = {
    ".".join(("evenpair", *path.relative_to(ROOT).with_suffix("").parts)): path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
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
    return names[1] if names[0] == "evenpair" and len(names) > 1 and names[1] in FOLDERS else None


def inner_folder_of(module):
    """The folder inside its folder, empty for a file outside any."""
    names = module.split(".")[2:]
    path = FILES.get(module)
    return names[0] if path is not None and len(names) > 1 else ""


def level_of(module):
    """The place of a module's inner folder in the order of its folder."""
    order = ORDERS[folder_of(module)]
    inner = inner_folder_of(module)
    return next(number for number, folders in enumerate(order) if inner in folders)


def test_all_folders_with_code_are_checked():
    assert len(FILES) > 200
    assert {folder_of(module) for module in FILES} == set(FOLDERS)
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_imports_only_those_below_it(folder):
    strangers = {
        (module, name)
        for module, names in IMPORTS.items()
        for name in names
        if folder_of(module) == folder
        and module not in COMMAND_LINE
        and folder_of(name) not in {None, folder, *FOLDERS[folder]}
    }
    assert strangers == set()


@pytest.mark.parametrize("folder", ORDERS)
def test_inside_a_folder_imports_point_down_its_order(folder):
    upwards = {
        (module, name)
        for module, names in IMPORTS.items()
        for name in names
        if folder_of(module) == folder == folder_of(name)
        and name in FILES
        and inner_folder_of(module) != inner_folder_of(name)
        and level_of(module) <= level_of(name)
    }
    assert upwards == set()


@pytest.mark.parametrize("folder", ORDERS)
def test_an_order_names_every_inner_folder(folder):
    inner = {inner_folder_of(module) for module in FILES if folder_of(module) == folder}
    assert inner == set().union(*ORDERS[folder])


def test_folders_and_files_stay_small_enough_to_read():
    folders = Counter(path.parent for path in FILES.values() if path.name != "__init__.py")
    assert {f: n for f, n in folders.items() if n > MOST_FILES} == {}
    lines = {m: len(path.read_text().splitlines()) for m, path in FILES.items()}
    assert {m: n for m, n in lines.items() if n > MOST_LINES} == {}


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
    ("module", "folder", "inner"),
    [
        ("evenpair", None, ""),
        ("evenpair.schemas", "schemas", ""),
        ("evenpair.schemas.tar", "schemas", ""),
        ("evenpair.transforms.units", "transforms", ""),
        ("evenpair.transforms.select.fuse", "transforms", "select"),
        ("evenpair.training.train_prior", "training", ""),
        ("pyarrow.parquet", None, ""),
    ],
)
def test_the_folder_of_a_module(module, folder, inner):
    assert (folder_of(module), inner_folder_of(module)) == (folder, inner)
