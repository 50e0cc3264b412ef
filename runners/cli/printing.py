"""Lines on the terminal: text from outside evenpair is escaped before it is printed."""

from collections.abc import Iterable

import click

from ...schemas.printable import printable


def print_line(line: str, *, error: bool = False) -> None:
    """Print one line on standard output, or on standard error."""
    click.echo(printable(line), err=error)


def print_lines(lines: Iterable[str]) -> None:
    """Print ``lines`` as they come."""
    for line in lines:
        print_line(line)


def print_errors(message: str) -> None:
    """Print each line of ``message`` on standard error, after the name of the program."""
    for line in message.splitlines():
        print_line(f"evenpair: {line}", error=True)
