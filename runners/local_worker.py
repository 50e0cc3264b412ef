"""The process that the direct runner starts for each core: Beam's worker, quiet, on one thread."""

import logging
import os
import sys

from .worker import become_worker


def main() -> None:
    """Become Beam's worker; what to do comes from the environment."""
    logging.disable(logging.ERROR)
    # Beam prints the traceback of whatever a bundle raises, and gives it to the launcher, too.
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    become_worker({})


if __name__ == "__main__":
    main()
