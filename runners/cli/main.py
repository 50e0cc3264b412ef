"""The console command: exit statuses and messages, whatever happens below."""

import atexit
import contextlib
import logging
import os
import sys

import click

from ...models.load_parser import ModelNotFoundError
from ...schemas.errors import EvenpairError, UsageError
from .command_line import evenpair


def console() -> None:
    """Run the command line as a process of its own, which ends when it has said how it ended.

    Threads that libraries leave behind abort, now and then, a process that tidies up.
    """
    status = 0
    try:
        main()
    except SystemExit as ended:
        status = int(ended.code or 0)
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # whoever read our output has gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Run the command line; 0 done, 1 a source or service failed, 2 wrong usage."""
    arguments, beam = split_beam_options(sys.argv[1:])
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # torch's threads spin on busy cores
    logging.disable(logging.ERROR)  # Beam logs a traceback for what it raises, too
    try:
        if beam:
            _tell_storage(beam)
        status = evenpair.main(arguments, prog_name="evenpair", obj=beam, standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        status = error.exit_code
    except (EvenpairError, ModelNotFoundError) as error:
        for line in str(error).splitlines():
            click.echo(f"evenpair: {line}", err=True)
        status = getattr(error, "exit_status", UsageError.exit_status)
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"evenpair: {where}{error.strerror or error}", err=True)
        status = EvenpairError.exit_status
    except (KeyboardInterrupt, click.Abort):
        click.echo("evenpair: stopped; the same command goes on from here", err=True)
        status = 130
    sys.exit(status)


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
    click.echo(f"{path}: {error.format_message()} (see {path} --help)", err=True)


_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())  # click 8.2 and later


def split_beam_options(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split off what follows ``--``: options that Beam itself takes."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    return arguments[:at], tuple(arguments[at + 1 :])
