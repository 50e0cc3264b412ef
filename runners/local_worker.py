"""The process that the direct runner starts for each core: Beam's worker, quiet, on one thread."""

import logging
import os
import sys


def main() -> None:
    """Become Beam's worker; what to do comes from the environment."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    logging.disable(logging.ERROR)
    from apache_beam.runners.worker import sdk_worker_main

    # Beam prints the traceback of whatever a bundle raises, and gives it to the launcher, too.
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
