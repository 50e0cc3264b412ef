"""A worker that somebody stops is reported by a line that names it."""

import io
import os
import signal
import threading
import time
from contextlib import redirect_stderr
from pathlib import Path

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.direct.process_pool import pool_maker

from ..support.units import run_units


def stop_until_reported(pid, errors):
    """Stop a process and continue it when the launcher has written a line."""
    os.kill(pid, signal.SIGSTOP)
    while not errors.getvalue().endswith("\n"):
        time.sleep(0.05)
    os.kill(pid, signal.SIGCONT)


def test_a_worker_of_a_phase(tmp_path):
    def write_pid_and_wait(path):
        Path(path).write_text(str(os.getpid()))
        while not Path(path + ".go").exists():
            time.sleep(0.05)

    def stop_and_go():
        while not (paths[0].exists() and paths[0].read_text()):
            time.sleep(0.05)
        stop_until_reported(int(paths[0].read_text()), errors)
        for path in paths:
            Path(f"{path}.go").touch()

    errors = io.StringIO()
    paths = [tmp_path / "a", tmp_path / "b"]
    thread = threading.Thread(target=stop_and_go, daemon=True)
    thread.start()
    elements = [str(path) for path in paths]
    with redirect_stderr(errors):
        run_units(write_pid_and_wait, elements, tmp_path, EngineOptions(workers=2))
    thread.join()
    assert errors.getvalue().count("\n") == 1
    assert f"kill -CONT {paths[0].read_text()} " in errors.getvalue()


def test_a_process_of_a_pool():
    with redirect_stderr(io.StringIO()) as errors, pool_maker(())(1) as pool:
        pid = pool.submit(os.getpid).result()
        stop_until_reported(pid, errors)
        assert pool.submit(os.getpid).result() == pid
    assert f"kill -CONT {pid} " in errors.getvalue()
