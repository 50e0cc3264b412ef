"""Reports of a Flink cluster that stops answering during a job, since the job server waits long."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...schemas.errors import EvenpairError
from .cluster import FlinkCluster, ping

LOOK_SECONDS = 5.0
"""Time between two looks at the cluster."""


@contextmanager
def watch_cluster(cluster: FlinkCluster | None) -> Iterator[None]:
    """Write a line on standard error when the cluster has not answered twice, while the block runs.

    Beam's job server takes one to two minutes to give up a cluster that is gone.
    """
    if cluster is None:
        yield
        return
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(cluster, stop), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _watch(cluster: FlinkCluster, stop: threading.Event) -> None:
    silent = 0
    while not stop.wait(LOOK_SECONDS):
        try:
            ping(cluster.address)
        except EvenpairError as error:
            silent += 1
            if silent == 2:
                sys.stderr.write(f"evenpair: {error}; waiting for it, Ctrl-C ends the command\n")
        else:
            if silent > 1:
                sys.stderr.write(f"evenpair: the Flink cluster at {cluster.address} is back\n")
            silent = 0
