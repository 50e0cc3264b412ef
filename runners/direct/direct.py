"""This machine: Beam's FnApiRunner, named so that no other is looked for, on all cores."""

import os
import re

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.work import Build, Work
from ...schemas.errors import EvenpairError
from ...storage import files
from ..name_fault import name_fault
from ..progress import show_progress
from .fork_workers import begin_imports
from .share_bundles import SharingRunner
from .worker_processes import LocalProvision, WorkerProcesses, broken_connections_told_once

_INTERRUPTED = re.compile(r"KeyboardInterrupt( \[while running .*)?\Z")
"""What Beam makes of Ctrl-C in the middle of a stage of this process."""


def run_direct(build: Build, work: Work, options: EngineOptions) -> None:
    """Run a pipeline to its end on all cores, or in this process where that is as fast."""
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
            files.remove_temporaries(work.run_dir.root)  # nobody is at work on them any more
        raise


def choose_workers(work: Work, wanted: int) -> int:
    """Return how many processes are to work: no more than units, one where the work is small."""
    enough = 1 if not wanted and work.is_small() else _cores()
    return max(1, min(wanted or enough, work.units))


def _cores() -> int:
    """Return the cores that this process may use; a batch system may have bound it to a few."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run_on_processes(build: Build, options: PipelineOptions) -> None:
    begin_imports()
    told = LocalProvision(options)
    runner = SharingRunner(default_environment=WorkerProcesses(), provision_info=told)
    with broken_connections_told_once():
        try:
            _run(build, runner, options)
        except RuntimeError as error:
            death = told.death()
            if death is None:
                raise
            raise EvenpairError(death) from error


def _run(build: Build, runner: FnApiRunner, options: PipelineOptions) -> None:
    """Build a pipeline and run it. Raises EvenpairError for a fault that lies outside evenpair."""
    pipeline = beam.Pipeline(runner=runner, options=options)
    build(pipeline)
    try:
        pipeline.run().wait_until_finish()
    except (RuntimeError, EvenpairError) as error:
        if _INTERRUPTED.search(str(error)):
            raise KeyboardInterrupt from error
        fault = name_fault(error)
        if fault is None:
            raise
        raise fault from error
