"""This machine, on all cores, by Beam's FnApiRunner.

It is named explicitly: Beam's DirectRunner would try to download and start Prism first.
"""

import os
import re

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.work import Build, Work
from ...schemas.errors import EvenpairError
from ...storage import files
from ..address_space import WITH_WORKERS, require_address_space
from ..name_fault import name_fault
from ..progress import show_progress
from .fork_workers import begin_imports
from .isolate import safe_path
from .loopback import loopback_servers
from .share_bundles import SharingRunner
from .worker_processes import LocalProvision, WorkerProcesses, silent_lost_connections

_INTERRUPTED = re.compile(r"KeyboardInterrupt( \[while running .*)?\Z")
"""The message that Beam makes of a Ctrl-C in the middle of a stage in this process."""


def run_direct(build: Build, work: Work, options: EngineOptions) -> None:
    """Run a pipeline to its end: in worker processes, or in this process if the work is small."""
    workers = choose_workers(work, options.workers)
    beam_options = PipelineOptions([f"--direct_num_workers={workers}", *options.beam])
    try:
        with show_progress(work):
            if workers == 1 and not work.apart:
                _run(build, FnApiRunner(), beam_options)
            else:
                _run_on_processes(build, beam_options)
    except BaseException:
        if not work.is_part:
            files.remove_temporaries(work.run_dir.root)  # their workers have ended
        raise


def choose_workers(work: Work, option: int) -> int:
    """Return the number of worker processes: at most one a unit, and 1 if the work is small."""
    default = 1 if not option and work.is_small() else _cores()
    return max(1, min(option or default, work.units))


def _cores() -> int:
    """Return the number of cores that this process may use, which a batch system may limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run_on_processes(build: Build, options: PipelineOptions) -> None:
    require_address_space(WITH_WORKERS)
    begin_imports()
    provision = LocalProvision(options)
    runner = SharingRunner(default_environment=WorkerProcesses(), provision_info=provision)
    with silent_lost_connections():
        try:
            _run(build, runner, options)
        except RuntimeError as error:
            death = provision.death()
            if death is None:
                raise
            raise EvenpairError(death) from error


def _run(build: Build, runner: FnApiRunner, options: PipelineOptions) -> None:
    """Build a pipeline and run it. Raises EvenpairError for faults of files and services."""
    pipeline = beam.Pipeline(runner=runner, options=options)
    build(pipeline)
    try:
        with safe_path(), loopback_servers():
            pipeline.run().wait_until_finish()
    except (RuntimeError, EvenpairError) as error:
        if _INTERRUPTED.search(str(error)):
            raise KeyboardInterrupt from error
        fault = name_fault(error)
        if fault is None:
            raise
        raise fault from error
