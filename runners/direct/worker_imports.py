"""What every worker imports, once for all of this machine's: they are forked from who did."""

import logging

from .. import worker

worker.use_one_thread()
logging.disable(logging.ERROR)  # Beam warns of libraries that it can do without

from apache_beam.runners.worker import sdk_worker_main  # noqa: E402, F401

from ...pipeline import job  # noqa: E402, F401

logging.disable(logging.NOTSET)
