"""Flink: Beam's job server, and options under which a run survives the loss of a worker."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.work import Build, Execute, Work
from ...schemas.errors import EvenpairError, UsageError
from ..addresses import split_address
from ..portable import job_channel, portable_options, submit
from ..shared_paths import require_shared
from .cluster import REST_PORT, FlinkCluster, find_cluster, release, require_usable
from .job_server import find_java, serve_jobs

_CACHE_MILLIS = 3000
"""How long Flink keeps a worker that has nothing to do; it must be less than its restart delay."""


@contextmanager
def flink_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give what runs phases on Flink, when everything that they need is there.

    Raises UsageError or EvenpairError, in one line, for what is not.
    """
    cluster = _look_at_cluster(options)
    hosts = cluster.hosts if cluster else [_host(options.job_endpoint)]
    if options.shared_paths:
        hosts = []
    require_shared([root], hosts)
    with _job_server(options, cluster) as endpoint:
        given = flink_options(options, cluster)

        def execute(build: Build, work: Work) -> None:
            require_shared(work.paths(), hosts)
            submit(build, work, endpoint, given)

        yield execute


def flink_options(options: EngineOptions, cluster: FlinkCluster | None) -> list[str]:
    """Return Beam's options for Flink; those that the user gave come last, and win."""
    cache = _CACHE_MILLIS
    more = ["--execution_mode_for_batch=BATCH_FORCED"]
    parallelism = options.workers
    if cluster is not None:
        cache = min(cache, cluster.restart_delay // 2) if cluster.restart_strategy else cache
        parallelism = parallelism or cluster.slots
        more.append(f"--sdk_worker_parallelism={cluster.slots_a_manager}")
    if parallelism:
        more.append(f"--parallelism={parallelism}")
    more.append(f"--environment_cache_millis={cache}")
    return portable_options(options, more)


def _look_at_cluster(options: EngineOptions) -> FlinkCluster | None:
    """Return the cluster that is named, or one that is guessed from where the job server is.

    A guess that finds nothing is no error, and what it finds wanting is only said.
    """
    retries = any(given.startswith("--number_of_execution_retries") for given in options.beam)
    versions = list(FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS)
    if options.flink_master:
        cluster = find_cluster(options.flink_master)
        require_usable(cluster, versions, own_retries=retries)
        return cluster
    try:
        cluster = find_cluster(f"{_host(options.job_endpoint)}:{REST_PORT}")
    except EvenpairError:
        return None
    try:
        require_usable(cluster, versions, own_retries=retries)
    except UsageError as warning:
        sys.stderr.write(f"evenpair: {warning}\n")
    return cluster


def _host(endpoint: str) -> str:
    return split_address(endpoint)[0]


@contextmanager
def _job_server(options: EngineOptions, cluster: FlinkCluster | None) -> Iterator[str]:
    if options.job_endpoint:
        with job_channel(options.job_endpoint):
            pass
        yield options.job_endpoint
        return
    find_java()
    given = [f"--flink_master={options.flink_master}"]
    if cluster is not None:
        given.append(f"--flink_version={release(cluster.version)}")
    if jar := options.flink_job_server_jar:
        if "://" not in jar and not os.path.isfile(jar):
            raise UsageError(f"there is no {jar}: name the jar of Beam's job server for Flink")
        given.append(f"--flink_job_server_jar={jar}")
    with serve_jobs(PipelineOptions([*given, *options.beam])) as endpoint:
        yield endpoint
