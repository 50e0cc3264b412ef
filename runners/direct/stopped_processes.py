"""Reports of processes that somebody has stopped (SIGSTOP), since a launcher waits for them."""

import sys

import psutil

LOOK_SECONDS = 1.0
"""Time between two looks at a process."""


class StoppedProcesses:
    """Writes a line on standard error when a process is found stopped at two looks in a row."""

    def __init__(self) -> None:
        self._looks: dict[int, int] = {}

    def look(self, pid: int) -> None:
        """Look at the process ``pid``, which may have ended."""
        if not _is_stopped(pid):
            self._looks.pop(pid, None)
            return
        self._looks[pid] = self._looks.get(pid, 0) + 1
        if self._looks[pid] == 2:
            sys.stderr.write(
                f"evenpair: waiting for worker process {pid}, which is stopped: "
                f"kill -CONT {pid} continues it, Ctrl-C ends the command\n"
            )


def _is_stopped(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False
