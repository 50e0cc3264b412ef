"""The wheel that users install, and the package that the tests import."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import evenpair

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = {".venv", ".git", "build", "demo"}
    subprocess.run(
        ["cp", "-r", *(str(p) for p in ROOT.iterdir() if p.name not in ignored), _made(source)],
        check=True,
    )
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
    subprocess.run([*command, str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def _made(folder: Path) -> str:
    folder.mkdir()
    return str(folder)


def test_the_wheel_has_nothing_but_evenpair_at_the_top(wheel_names: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel_names} == {
        "evenpair",
        f"evenpair-{evenpair.__version__}.dist-info",
    }


def test_the_wheel_holds_every_module_and_model(wheel_names: list[str]) -> None:
    below = ("schemas", "storage", "models", "scenes", "transforms", "pipeline")
    folders = (*below, "runners", "diagnostics", "training")
    expected = {f"evenpair/{path.name}" for path in (ROOT / "__init__.py", ROOT / "py.typed")}
    for folder in folders:
        files = (p for p in (ROOT / folder).rglob("*") if p.is_file())
        expected |= {
            f"evenpair/{path.relative_to(ROOT).as_posix()}"
            for path in files
            if "__pycache__" not in path.parts
        }
    installed = {name for name in wheel_names if name.startswith("evenpair/")}
    assert expected == installed


def test_the_tests_import_what_they_mean_to_test() -> None:
    assert Path(evenpair.__file__).parent == Path(os.environ.get("EVENPAIR_SITE", ROOT)) / (
        "evenpair" if "EVENPAIR_SITE" in os.environ else ""
    )
