"""SIGTERM and SIGHUP end a command as Ctrl-C does; one that is ignored stays so."""

import os
import signal
import sys
from unittest.mock import patch

import pytest

from evenpair.runners.cli import main as entry


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request):
    before = signal.getsignal(request.param)
    signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def run_command(command):
    """Call main with a command in the place of evenpair's; return the exit status."""
    with (
        patch.object(sys, "argv", ["evenpair"]),
        patch.object(entry.evenpair, "main", command),
        pytest.raises(SystemExit) as ended,
    ):
        entry.main()
    return ended.value.code


def test_a_signal_is_an_interrupt(number, capsys):
    status = run_command(lambda *_, **__: os.kill(os.getpid(), number))
    assert status == 128 + number
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert signal.getsignal(number) == signal.SIG_DFL


def test_a_second_one_does_not_disturb_the_end(number):
    def command(*_, **__):
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), number)

    assert run_command(command) == 128 + number


def test_a_signal_that_is_ignored_stays_so(number):
    signal.signal(number, signal.SIG_IGN)
    assert run_command(lambda *_, **__: os.kill(os.getpid(), number)) == 0
