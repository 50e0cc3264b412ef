"""The installed wheel: its files, its imports, its scripts, and one whole job.

``make wheel-tests`` builds and installs it; all other tests would find the same as in the checkout.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import evenpair
from evenpair.models.load_captioner import demo_captioner_path
from evenpair.models.load_parser import load_parser
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.information.keep_statistics import PRIOR, load_model

from .support.commands import spawn
from .support.shards import read_shards

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SITE = Path(os.environ.get("EVENPAIR_SITE", ROOT))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        "EVENPAIR_SITE" not in os.environ, reason="no wheel is installed: make wheel-tests"
    ),
]


def test_the_tests_import_the_wheel():
    assert Path(evenpair.__file__).parent == SITE / "evenpair"


def test_nothing_but_evenpair_is_installed():
    version = PROJECT["project"]["version"]
    assert {path.name for path in SITE.iterdir()} == {
        "bin",
        "evenpair",
        f"evenpair-{version}.dist-info",
    }
    assert evenpair.__version__ == version


def files_below(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if "__pycache__" not in path.parts}


def test_every_module_and_every_model_is_installed():
    folders = [path.parent for path in ROOT.glob("*/__init__.py")]
    assert len(folders) > 7
    expected = {path.relative_to(ROOT) for folder in folders for path in files_below(folder)}
    expected |= {Path("__init__.py"), Path("py.typed")}
    package = SITE / "evenpair"
    assert {path.relative_to(package) for path in files_below(package)} == expected


def test_every_module_can_be_imported():
    modules = [module.name for module in pkgutil.walk_packages(evenpair.__path__, "evenpair.")]
    assert len(modules) > 200
    files = {Path(importlib.import_module(name).__file__) for name in modules}
    assert {path for path in files if SITE not in path.parents} == set()


def test_the_models_that_ship_can_be_loaded():
    [facts] = parse_captions(load_parser(), ["a brown dog"])
    assert facts.attributes == (("dog", "brown"),)
    assert load_model(PRIOR).bits(facts).information_bits > 0
    assert json.loads(Path(demo_captioner_path(), "config.json").read_text())["model_type"]


@pytest.mark.parametrize("script", PROJECT["project"]["scripts"])
def test_every_script_starts(script):
    command = [str(SITE / "bin" / script), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert script in done.stdout


def test_the_demo_runs_in_two_workers_and_its_shards_are_whole(tmp_path):
    made = spawn("demo", "--out", tmp_path, "--pairs", "6", "--workers", "2")
    assert (made.status, made.err) == (0, "")
    assert len(read_shards(tmp_path / "run" / "shards")) == 5
    assert "<html" in (tmp_path / "run" / "report.html").read_text()
    checked = spawn("verify", tmp_path / "run" / "shards")
    assert (checked.status, checked.err) == (0, "")
