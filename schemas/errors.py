"""What a user is told in one line, with the exit status that goes with it."""


class EvenpairError(Exception):
    """Something outside evenpair stopped the work: a source, a service, a disk (exit status 1)."""

    exit_status = 1


class UsageError(EvenpairError):
    """The command cannot mean what it says (exit status 2)."""

    exit_status = 2
