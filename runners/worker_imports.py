"""What every worker imports, once for all of this machine's: they are forked from who did."""

from . import worker

worker.use_one_thread()

from apache_beam.runners.worker import sdk_worker_main  # noqa: E402, F401

from ..pipeline import phases  # noqa: E402, F401
