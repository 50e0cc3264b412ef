"""The console command: exit statuses and messages, whatever happens below."""

import logging
import os
import sys

import click

from ..models.load_parser import ModelNotFoundError
from ..schemas.errors import EvenpairError, UsageError
from .command_line import evenpair


def main() -> None:
    """Run the command line; 0 done, 1 a source or service failed, 2 wrong usage."""
    arguments, beam = split_beam_options(sys.argv[1:])
    logging.disable(logging.WARNING)
    try:
        status = evenpair.main(arguments, prog_name="evenpair", obj=beam, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (EvenpairError, ModelNotFoundError) as error:
        for line in str(error).splitlines():
            click.echo(f"evenpair: {line}", err=True)
        status = getattr(error, "exit_status", UsageError.exit_status)
    except (KeyboardInterrupt, click.Abort):
        click.echo("evenpair: stopped; the same command goes on from here", err=True)
        status = 130
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def split_beam_options(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Split off what follows ``--``: options that Beam itself takes."""
    if "--" not in arguments:
        return arguments, ()
    at = arguments.index("--")
    return arguments[:at], tuple(arguments[at + 1 :])
