"""Makes torch's threads sleep while they wait; to be called before torch is imported."""

import os


def wait_passively() -> None:
    """Make OpenMP's threads sleep instead of spin, unless the environment says otherwise.

    Small models give their threads so little work at a time that, on a busy machine, spinning takes
    more than ten times as long as the work itself.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
