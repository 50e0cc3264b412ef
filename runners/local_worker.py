"""The process that the direct runner starts for each core: Beam's worker, quiet, on one thread."""

import logging
import os
import sys


def main() -> None:
    """Become Beam's worker; what to do comes from the environment."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    logging.disable(logging.WARNING)
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
