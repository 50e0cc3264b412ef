"""A worker that starts before there is a job for it: it imports what takes time, and waits."""

import sys

from . import worker


def main() -> None:
    """Become the worker that a line on standard input says, or end where none comes."""
    worker.use_one_thread()
    from apache_beam.runners.worker import sdk_worker_main  # noqa: F401

    from ..pipeline import phases  # noqa: F401

    if told := sys.stdin.readline().split():
        sys.argv[1:] = told
        worker.main()


if __name__ == "__main__":
    main()
