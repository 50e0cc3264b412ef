"""The errors that a user sees as one line, with their exit statuses."""


class EvenpairError(Exception):
    """A source, a service or a disk failed (exit status 1)."""

    exit_status = 1


class UsageError(EvenpairError):
    """The command, an option or a path is wrong (exit status 2)."""

    exit_status = 2


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, its type if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
