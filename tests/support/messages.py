"""Messages: tests look for the option, the value and the exit status, never for the wording."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .commands import Answer


def unnamed(message: object, *named: object) -> list[str]:
    """Return those of ``named`` that a message does not contain."""
    return [str(item) for item in named if str(item) not in str(message)]


def assert_refused(answer: Answer, *named: object, status: int = 2) -> None:
    """Require that a command ended with ``status`` and one line on standard error alone.

    The line has to contain all of ``named``: the option, the value, the path, the next command.
    """
    lines = answer.err.splitlines()
    lacking = unnamed(answer.err, *named)
    if answer.status != status or answer.out or len(lines) != 1 or lacking:
        raise AssertionError(f"status {status} and a line with {lacking} expected: {answer}")


@contextmanager
def raises_naming(
    kind: type[Exception], *named: object
) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """Require an error of exactly this kind, whose message is one line and contains ``named``."""
    with pytest.raises(kind) as raised:
        yield raised
    lacking = unnamed(raised.value, *named)
    if type(raised.value) is not kind or len(str(raised.value).splitlines()) != 1 or lacking:
        raise AssertionError(f"{kind.__name__} naming {lacking} expected: {raised.value!r}")


def numbers_in(text: str) -> list[int]:
    """Return the whole numbers that stand alone in a text."""
    return [int(number) for number in re.findall(r"(?<![\w./-])\d+(?![\w/]|[.]\d)", text)]
