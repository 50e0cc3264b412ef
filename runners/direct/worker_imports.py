"""The imports of workers, done once in the process that they are forked from."""

import logging

from .. import worker

worker.use_one_thread()
logging.disable(logging.ERROR)  # Beam warns of libraries that it can do without

from apache_beam.runners.worker import sdk_worker_main  # noqa: E402, F401

from ...pipeline import job  # noqa: E402, F401

logging.disable(logging.NOTSET)
