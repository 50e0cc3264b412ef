"""torch's threads -> threads that sleep while they wait; to be called before torch is imported."""

import os


def wait_passively() -> None:
    """Let OpenMP's threads sleep where they would spin, unless the environment says otherwise.

    A small model asks its threads for so little at a time that, on a machine with other work, they
    spend more than ten times the work's own time waiting for each other.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
