"""Running on this machine: how many processes, how they end, and the messages of their faults."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.pipeline.runs.work import FEW, Work
from evenpair.runners.direct.direct import choose_workers, run_direct
from evenpair.schemas.errors import EvenpairError, UsageError
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.spread import Spread

from ...support.messages import raises_naming

CORES = len(os.sched_getaffinity(0))
WAIT_SECONDS = 30
"""How long workers may take to notice that their launcher is gone."""

TWO = EngineOptions(workers=2)
ONE = EngineOptions(workers=1)


def work_of(folder, units=2, pairs=(), phase=Phase.SCORE):
    return Work(phase, units, RunDirectory(str(folder)), pairs)


def mapped(function, elements):
    """The wiring of a phase that does one thing to each of its units."""

    def build(root):
        _ = root | Spread(elements) | beam.Map(function)

    return build


def sleeping(paths):
    """Units that write the id of their process to a file and then sleep for a day."""

    def leave_pid_and_sleep(path):  # nested: workers cannot import this file
        Path(path).write_text(str(os.getpid()))
        time.sleep(86_400)

    return mapped(leave_pid_and_sleep, [str(path) for path in paths])


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def interrupt_when(paths):
    """Send Ctrl-C to this process when all ``paths`` have been written."""

    def wait():
        while not all(path.exists() and path.read_text() for path in paths):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, daemon=True).start()


class TestWorkers:
    @pytest.mark.parametrize(
        ("wanted", "units", "pairs", "expected"),
        [
            (0, 100, [FEW[Phase.SCORE]], 1),
            (0, 100, [FEW[Phase.SCORE], 1], min(CORES, 100)),
            (0, 1, [10**9], 1),
            (0, 0, [], 1),
            (3, 100, [1], 3),
            (3, 2, [1], 2),
            (1, 100, [10**9], 1),
        ],
    )
    def test_there_are_at_most_as_many_workers_as_units_and_one_for_few_pairs(
        self, tmp_path, wanted, units, pairs, expected
    ):
        assert choose_workers(work_of(tmp_path, units, pairs), wanted) == expected

    def test_units_run_at_the_same_time_in_processes_that_end_with_the_work(self, tmp_path):
        def meet(path):  # neither ends before the other has begun
            Path(path).write_text(str(os.getpid()))
            while not all(Path(other).exists() for other in paths):
                time.sleep(0.05)

        paths = [str(tmp_path / name) for name in "ab"]
        run_direct(mapped(meet, paths), work_of(tmp_path), TWO)
        pids = [int(Path(path).read_text()) for path in paths]
        assert (len(set(pids)), os.getpid() in pids) == (2, False)
        assert [alive(pid) for pid in pids] == [False, False]

    def test_a_busy_worker_leaves_the_remaining_units_to_the_other(self, tmp_path):
        def wait_in_the_first(path):
            while path == paths[0] and sum(Path(other).exists() for other in paths) < 60:
                time.sleep(0.05)
            Path(path).touch()

        paths = [str(tmp_path / f"{at:02}") for at in range(100)]
        work = work_of(tmp_path, len(paths))
        run_direct(mapped(wait_in_the_first, paths), work, TWO)
        assert sorted(map(str, tmp_path.iterdir())) == paths

    def test_a_single_worker_is_this_process(self, tmp_path):
        path = tmp_path / "a"
        function = mapped(lambda name: Path(name).write_text(str(os.getpid())), [str(path)])
        run_direct(function, work_of(tmp_path), ONE)
        assert int(path.read_text()) == os.getpid()


@pytest.fixture
def ctrl_c():
    """Make Ctrl-C raise KeyboardInterrupt, even where a shell started the tests in background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
class TestInterrupts:
    def test_workers_are_killed_and_temporary_files_removed(self, tmp_path):
        paths = [tmp_path / "a", tmp_path / "b"]
        (tmp_path / ".table.tmp-0").touch()
        interrupt_when(paths)
        with pytest.raises(KeyboardInterrupt):
            run_direct(sleeping(paths), work_of(tmp_path), TWO)
        assert [alive(int(path.read_text())) for path in paths] == [False, False]
        assert sorted(tmp_path.iterdir()) == paths

    def test_a_single_worker_is_interrupted(self, tmp_path):
        path = tmp_path / "a"
        interrupt_when([path])
        with pytest.raises(KeyboardInterrupt):
            run_direct(sleeping([path]), work_of(tmp_path), ONE)


class TestFaults:
    def test_temporary_files_of_other_parts_are_kept(self, tmp_path):
        (tmp_path / ".table.tmp-0").touch()
        work = replace(work_of(tmp_path), is_part=True)
        with pytest.raises(EvenpairError):
            run_direct(mapped(os.stat, [str(tmp_path / "missing")]), work, ONE)
        assert [path.name for path in tmp_path.iterdir()] == [".table.tmp-0"]

    @pytest.mark.parametrize("engine", [ONE, TWO])
    def test_an_error_of_the_system_becomes_one_line(self, tmp_path, engine):
        missing = str(tmp_path / "missing")
        with raises_naming(EvenpairError, "No such file or directory", missing):
            run_direct(mapped(os.stat, [missing, missing]), work_of(tmp_path), engine)

    @pytest.mark.parametrize("engine", [ONE, TWO])
    def test_wrong_usage_keeps_its_kind_and_message(self, tmp_path, engine):
        def refuse(name):
            raise UsageError(f"there is no {name}")

        with pytest.raises(UsageError, match=r"^there is no model$"):
            run_direct(mapped(refuse, ["model", "model"]), work_of(tmp_path), engine)

    @pytest.mark.parametrize("engine", [ONE, TWO])
    def test_an_error_of_evenpair_itself_is_raised_as_it_is(self, tmp_path, engine):
        with pytest.raises((RuntimeError, ValueError), match="invalid literal for int"):
            run_direct(mapped(int, ["one", "two"]), work_of(tmp_path), engine)

    def test_the_signal_that_killed_a_worker_is_named(self, tmp_path):
        with raises_naming(EvenpairError, "SIGKILL"):
            run_direct(mapped(signal.raise_signal, [signal.SIGKILL]), work_of(tmp_path), TWO)

    def test_the_status_of_a_worker_that_exits_is_named(self, tmp_path):
        with raises_naming(EvenpairError, "status 3"):
            run_direct(mapped(os._exit, [3]), work_of(tmp_path), TWO)


SCRIPT = """
import os, sys, time
from pathlib import Path
import apache_beam as beam
from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.pipeline.runs.work import Work
from evenpair.runners.direct.direct import run_direct
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.transforms.spread import Spread

folder, seconds = sys.argv[1], float(sys.argv[2])
Path(folder, f"main-{os.getpid()}").touch()

def leave_pid_and_sleep(name):
    Path(folder, name).write_text(str(os.getpid()))
    time.sleep(seconds)

work = Work(Phase.SCORE, 2, RunDirectory(folder))
run_direct(lambda root: root | Spread(["a", "b"]) | beam.Map(leave_pid_and_sleep), work,
           EngineOptions(workers=2))
"""


@pytest.mark.timeout(120)
class TestScripts:
    """A program that calls evenpair without checking whether it is the main module."""

    @pytest.fixture
    def begin(self, tmp_path):
        def start(seconds):
            path = tmp_path / "script.py"
            path.write_text(SCRIPT)
            folder = tmp_path / "run"
            folder.mkdir()
            return folder, subprocess.Popen([sys.executable, str(path), str(folder), str(seconds)])

        return start

    def test_its_workers_do_not_run_it_again(self, begin):
        folder, process = begin(0)
        assert process.wait() == 0
        assert {path.name for path in folder.iterdir()} == {f"main-{process.pid}", "a", "b"}

    def test_its_workers_die_with_it(self, begin):
        folder, process = begin(600)
        paths = [folder / "a", folder / "b"]
        while not all(path.exists() and path.read_text() for path in paths):
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        pids = [int(path.read_text()) for path in paths]
        for _ in range(WAIT_SECONDS * 20):
            if not any(map(alive, pids)):
                break
            time.sleep(0.05)
        assert [alive(pid) for pid in pids] == [False, False]
