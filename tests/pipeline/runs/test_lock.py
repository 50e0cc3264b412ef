"""The lock of a run directory: one launcher at a time, or one for each part."""

import subprocess
import sys
from contextlib import ExitStack

import pytest

from evenpair.pipeline.runs.lock import locked
from evenpair.pipeline.runs.part import Part
from evenpair.schemas.errors import UsageError
from evenpair.schemas.run_directory import RunDirectory

from ...support.messages import raises_naming

FIRST, SECOND = Part(1, 2), Part(2, 2)


@pytest.fixture
def run_dir(tmp_path):
    return RunDirectory(str(tmp_path / "run"))


def test_a_second_launcher_is_refused_until_the_first_is_done(run_dir):
    with locked(run_dir) as alone:
        assert alone
        with raises_naming(UsageError, run_dir.root), locked(run_dir):
            pass
    with locked(run_dir) as alone:
        assert alone


def test_parts_hold_the_lock_together_each_of_them_once(run_dir):
    with ExitStack() as stack:
        held = [stack.enter_context(locked(run_dir, part)) for part in (FIRST, SECOND)]
        assert held == [True, False]
        with raises_naming(UsageError, "1/2", run_dir.root), locked(run_dir, FIRST):
            pass
        with raises_naming(UsageError, run_dir.root), locked(run_dir):
            pass


def test_a_lock_dies_with_its_launcher(run_dir):
    code = (
        "import os, sys; from evenpair.pipeline.runs.lock import locked\n"
        "from evenpair.schemas.run_directory import RunDirectory\n"
        "with locked(RunDirectory(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, run_dir.root], check=False)
    assert done.returncode == -9
    with locked(run_dir) as alone:
        assert alone
