"""Modules that lie in the current folder are run by no process of any command."""

import importlib
import os
import subprocess
import sys

import grpc
import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.direct.process_pool import pool_maker
from evenpair.scenes.shards import write_demo_shards

from ..support.commands import COMMAND, call, spawn
from ..support.job_servers import free_port, serve_prism
from ..support.units import run_units

PLANTED = """
import os, sys
with open({record!r}, "a") as record:
    print(__name__, os.getpid(), sys.argv, file=record)
raise SystemExit("a planted module was run")
"""


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "shards"
    write_demo_shards(folder, pairs=6, seed=5, shard_size=3)
    return folder


@pytest.fixture(scope="module")
def finished(shards, tmp_path_factory):
    out = tmp_path_factory.mktemp("finished") / "run"
    assert call("run", shards, "--out", out, "--workers", 1).status == 0
    return out


@pytest.fixture
def record(tmp_path):
    """The file in which planted modules write that they were run."""
    return tmp_path / "record"


@pytest.fixture
def planted(tmp_path, record):
    """A folder of modules with the names of some that every command imports."""
    folder = tmp_path / "planted"
    folder.mkdir()
    for name in ("pickle", "json", "numpy", "typing_extensions"):
        (folder / f"{name}.py").write_text(PLANTED.format(record=str(record)))
    return folder


def test_a_planted_module_is_recorded(planted, record):
    subprocess.run([sys.executable, "-c", "import json"], cwd=planted, check=False)
    assert record.read_text().startswith("json ")


@pytest.mark.parametrize(
    "command",
    [
        ("run", "{shards}", "--out", "{out}", "--workers", "1"),
        ("run", "{shards}", "--out", "{out}", "--workers", "2"),
        ("verify", "{shards}", "--workers", "2"),
        ("report", "{finished}"),
        ("facts", "--input", "captions.txt"),
    ],
    ids=lambda command: f"{command[0]}-{command[-1][:1]}",
)
def test_commands(command, planted, record, shards, finished, tmp_path):
    (planted / "captions.txt").write_text("a dog\n")
    paths = {"shards": shards, "out": tmp_path / "out", "finished": finished}
    answer = spawn(*(word.format(**paths) for word in command), cwd=planted)
    assert not record.exists(), record.read_text()
    assert answer.status == 0, answer.err


@pytest.mark.parametrize("has_pool", [False, True])
def test_workers_of_an_engine(has_pool, planted, record, shards, tmp_path, monkeypatch):
    monkeypatch.chdir(planted)  # Prism starts workers in its own current folder
    pool = None
    options = ["--statistics", "prior", "--runner", "portable"]
    with serve_prism(tmp_path / "log") as endpoint:
        options += ["--job-endpoint", endpoint]
        if has_pool:
            address = f"localhost:{free_port()}"
            pool = subprocess.Popen([str(COMMAND.with_name("evenpair-worker")), "--pool", address])
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(60)
            options += ["--", "--environment_type=EXTERNAL", f"--environment_config={address}"]
        answer = spawn("score", shards, "--out", tmp_path / "out", *options, cwd=planted)
    if pool is not None:
        pool.terminate()
        pool.wait()
    assert not record.exists(), record.read_text()
    assert answer.status == 0, answer.err


class TestLaunchersThatImportFromTheCurrentFolder:
    """``python -c`` and notebooks have it first in their own ``sys.path``."""

    @pytest.fixture(autouse=True)
    def path(self, planted, monkeypatch):
        (planted / "only_here.py").touch()
        monkeypatch.chdir(planted)
        monkeypatch.setattr(sys, "path", ["", *sys.path])

    def test_processes_of_a_pool(self, record):
        with pool_maker(())(1) as pool, pytest.raises(ModuleNotFoundError):
            pool.submit(importlib.import_module, "only_here").result()
        assert not record.exists()

    def test_workers(self, record, tmp_path):
        def write_import(name):
            try:
                importlib.import_module("only_here")
            except ModuleNotFoundError:
                os.mkdir(name)

        folders = [str(tmp_path / name) for name in "ab"]
        run_units(write_import, folders, tmp_path, EngineOptions(workers=2))
        assert [os.path.isdir(folder) for folder in folders] == [True, True]
        assert not record.exists()
