"""The console command: exit statuses and messages, whatever happens below."""

import atexit
import contextlib
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from types import FrameType

import click

from ...models.load_parser import ModelNotFoundError
from ...schemas.errors import EvenpairError, UsageError
from .command_line import evenpair
from .last_resort import memory_fault, unexpected_error
from .printing import print_errors, print_line


def console() -> None:
    """Run the command line as a process of its own, which ends when it has said how it ended.

    Threads that libraries leave behind abort, now and then, a process that tidies up.
    """
    status = 0
    threading.excepthook = _end_without_memory
    try:
        main()
    except SystemExit as ended:
        status = int(ended.code or 0)
    except OSError:  # the terminal has gone
        status = EvenpairError.exit_status
    atexit._run_exitfuncs()
    _exit(status)


def _end_without_memory(failed: threading.ExceptHookArgs) -> None:
    """End the process when a thread has no memory left: the others would wait for it for ever."""
    fault = memory_fault(failed.exc_value) if failed.exc_value else None
    if fault is None:
        threading.__excepthook__(failed)
        return
    print_errors(str(fault))
    _exit(fault.exit_status)


def _exit(status: int) -> None:
    with contextlib.suppress(OSError):  # whoever read our output has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Run the command line; 0 done, 1 a source or service failed, 2 wrong usage.

    SIGTERM and SIGHUP end it as Ctrl-C does: what is paid for is kept, then workers are stopped.
    """
    with _stop_signals() as stops:
        status = _run()
        if status == _INTERRUPTED and stops:
            status = 128 + stops[0]
    sys.exit(status)


def _run() -> int:
    arguments, beam = split_beam_options(sys.argv[1:])
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # torch's threads spin on busy cores
    logging.disable(logging.ERROR)  # Beam logs a traceback for what it raises, too
    try:
        if beam:
            _tell_storage(beam)
        done = evenpair.main(arguments, prog_name="evenpair", obj=beam, standalone_mode=False)
        status = int(done or 0)
    except click.ClickException as error:
        _show(error)
        status = error.exit_code
    except (EvenpairError, ModelNotFoundError) as error:
        print_errors(str(error))
        status = getattr(error, "exit_status", UsageError.exit_status)
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print_errors(f"{where}{error.strerror or error}")
        status = EvenpairError.exit_status
    except (KeyboardInterrupt, click.Abort):
        with contextlib.suppress(OSError):  # the terminal may be gone
            print_errors("stopped; the same command continues from here")
        status = _INTERRUPTED
    except Exception as error:  # the last resort: a fault of evenpair's own
        print_errors(str(unexpected_error(error, tempfile.gettempdir())))
        status = EvenpairError.exit_status
    return status


_INTERRUPTED = 128 + signal.SIGINT


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """Make the first SIGTERM or SIGHUP of the block a KeyboardInterrupt; give the ones that came.

    A signal that is ignored, as nohup has it, stays so.
    """
    stops: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(number)
        if len(stops) == 1:
            raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    usual = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in usual:
        signal.signal(number, stop)
    try:
        yield stops
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)


def _tell_storage(beam: tuple[str, ...]) -> None:
    """Let paths be looked at, before there is a pipeline, with the options that it will have."""
    from ...storage.remote import use_options

    use_options(beam)


def _show(error: click.ClickException) -> None:
    """Say in one line what is wrong with the arguments, or help whoever gave none."""
    if isinstance(error, _HELP):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "evenpair"
    print_line(f"{path}: {error.format_message()} (see {path} --help)", error=True)


_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())  # click 8.2 and later


def split_beam_options(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split off what follows ``--``: options that Beam itself takes."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    return arguments[:at], tuple(arguments[at + 1 :])
