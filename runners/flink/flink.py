"""Flink: Beam's job server, and options with which a run survives the loss of a worker."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.work import Build, Execute, Work
from ...schemas.errors import EvenpairError, UsageError
from ..addresses import split_address
from ..portable import job_channel, portable_options, submit
from ..shared_paths import require_shared
from .cluster import REST_PORT, FlinkCluster, find_cluster, release, require_usable
from .job_server import find_java, serve_jobs
from .network import WIDEST, require_buffers, waves_of
from .watch import watch_cluster

_CACHE_MILLIS = 3000
"""How long Flink keeps an idle worker; it must be less than the restart delay."""


@contextmanager
def flink_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give the function that runs phases on Flink.

    The cluster, the paths and the job server are checked first. Raises UsageError or EvenpairError
    if one of them cannot be used.
    """
    cluster = _check_cluster(options)
    hosts = cluster.hosts if cluster else [_host(options.job_endpoint)]
    if options.shared_paths:
        hosts = []
    require_shared([root], hosts)
    if cluster:
        _warn_of_buffers(options, cluster)
    with _job_server(options, cluster) as endpoint:
        beam_options = flink_options(options, cluster)

        def execute(build: Build, work: Work) -> None:
            require_shared(work.paths(), hosts)
            check = partial(_check_buffers, options, cluster, work)
            log = f"jobs and logs at {cluster.address}" if cluster else f"that of {endpoint}"
            with watch_cluster(cluster):
                submit(build, work, endpoint, beam_options, check, log)

        yield execute


def flink_options(options: EngineOptions, cluster: FlinkCluster | None) -> list[str]:
    """Return Beam's options for Flink; the user's own come last and override."""
    cache = _CACHE_MILLIS
    more = ["--execution_mode_for_batch=BATCH_FORCED"]
    parallelism = options.workers
    if cluster is not None:
        cache = min(cache, cluster.restart_delay // 2) if cluster.restart_strategy else cache
        parallelism = parallelism or cluster.slots
        more.append(f"--sdk_worker_parallelism={cluster.slots_per_manager}")
    if parallelism:
        more.append(f"--parallelism={parallelism}")
    more.append(f"--environment_cache_millis={cache}")
    return portable_options(options, more)


def _check_cluster(options: EngineOptions) -> FlinkCluster | None:
    """Return the cluster at ``--flink-master``, or the one beside the job server if there is one.

    The latter may be another cluster, so its faults are only warnings.
    """
    versions = list(FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS)
    if options.flink_master:
        cluster = find_cluster(options.flink_master)
        require_usable(cluster, versions)
        return cluster
    try:
        cluster = find_cluster(f"{_host(options.job_endpoint)}:{REST_PORT}")
    except EvenpairError:
        return None
    try:
        require_usable(cluster, versions)
    except UsageError as warning:
        sys.stderr.write(f"evenpair: {warning}\n")
    return cluster


def _warn_of_buffers(options: EngineOptions, cluster: FlinkCluster) -> None:
    """Warn, before anything starts, if a later phase of the run would be refused."""
    try:
        require_buffers(cluster, "select", [WIDEST], _parallelism(options, cluster))
    except UsageError as warning:
        sys.stderr.write(f"evenpair: with all of its options, {warning}\n")


def _check_buffers(
    options: EngineOptions,
    cluster: FlinkCluster | None,
    work: Work,
    job: beam_runner_api_pb2.Pipeline,
) -> None:
    """Raise UsageError if the cluster has too few network buffers for a job.

    The cluster beside the job server may be another one than the job's: it gives a warning only.
    """
    if cluster is None:
        return
    try:
        require_buffers(cluster, work.phase, waves_of(job), _parallelism(options, cluster))
    except UsageError as error:
        if options.flink_master:
            raise
        sys.stderr.write(f"evenpair: {error}\n")


def _parallelism(options: EngineOptions, cluster: FlinkCluster) -> int:
    """Return the parallelism of a job: the user's own option of Beam, --workers, or all slots."""
    own = PipelineOptions(list(options.beam)).view_as(FlinkRunnerOptions).parallelism
    return own if own > 0 else options.workers or cluster.slots


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
    beam_options = [f"--flink_master={options.flink_master}"]
    if cluster is not None:
        beam_options.append(f"--flink_version={release(cluster.version)}")
    if jar := options.flink_job_server_jar:
        if "://" not in jar and not os.path.isfile(jar):
            raise UsageError(f"{jar} does not exist: give the jar of Beam's job server for Flink")
        beam_options.append(f"--flink_job_server_jar={jar}")
    with serve_jobs(PipelineOptions([*beam_options, *options.beam])) as endpoint:
        yield endpoint
