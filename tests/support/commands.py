"""The command line, in this process and in one of its own, and how a command ended."""

import io
import logging
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from evenpair.runners.cli.main import main

COMMAND = Path(sys.executable).with_name("evenpair")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


def call(*arguments: object, stdin: str = "") -> Answer:
    """Call the command line in this process."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    argv = ["evenpair", *map(str, arguments)]
    with (
        patch.object(sys, "argv", argv),
        patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
    logging.disable(logging.NOTSET)
    return Answer(status, out.getvalue(), err.getvalue())


def spawn(*arguments: object, **options: Any) -> Answer:
    """Run the installed command in a process of its own."""
    command = [str(COMMAND), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return Answer(done.returncode, done.stdout, done.stderr)
