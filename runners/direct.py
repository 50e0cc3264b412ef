"""This machine: Beam's FnApiRunner, named so that no other is looked for, on all cores."""

import os
import shlex
import sys

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.transforms.environments import SubprocessSDKEnvironment

from ..pipeline.options import EngineOptions
from ..pipeline.phases import Build, Work
from ..schemas.errors import EvenpairError
from .name_fault import name_fault
from .progress import show_progress


def run_direct(build: Build, work: Work, options: EngineOptions) -> None:
    """Run a pipeline to its end on all workers, or in this process if one is enough."""
    workers = _workers(options.workers, work.units)
    beam_options = PipelineOptions([f"--direct_num_workers={workers}", *options.beam])
    runner = FnApiRunner() if workers == 1 else _subprocess_runner(beam_options)
    pipeline = beam.Pipeline(runner=runner, options=beam_options)
    build(pipeline)
    with show_progress(work):
        try:
            pipeline.run().wait_until_finish()
        except (RuntimeError, EvenpairError) as error:
            fault = name_fault(error)
            if fault is None:
                raise
            raise fault from error


def _subprocess_runner(options: PipelineOptions) -> FnApiRunner:
    """Return a runner whose workers are processes that know the options of the pipeline."""
    command = f"{shlex.quote(sys.executable)} -m {__package__}.local_worker"
    info = beam_provision_api_pb2.ProvisionInfo(
        pipeline_options=JobServiceHandle.encode_pipeline_options(
            options.get_all_options(drop_default=True)
        )
    )
    return FnApiRunner(
        default_environment=SubprocessSDKEnvironment.from_command_string(command),
        provision_info=ExtendedProvisionInfo(info),
    )


def _workers(wanted: int, units: int) -> int:
    return max(1, min(wanted or os.cpu_count() or 1, units))
