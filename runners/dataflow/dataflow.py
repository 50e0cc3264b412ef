"""Dataflow: every phase is a job; a dry run shows the next job instead of submitting it."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.runs.work import Build, Execute, Work
from ...schemas.errors import EvenpairError, UsageError
from ...storage import files
from ..name_fault import name_fault
from ..portable import wait_or_cancel
from ..progress import show_progress
from .job import describe_job
from .options import dataflow_options, require_complete

INSTALL = "--runner dataflow needs the gcp extra: pip install 'evenpair[gcp]'"

_NEEDED = ("google.cloud.dataflow_v1beta3", "apitools")


class DryRunError(EvenpairError):
    """Ends a dry run: the next phase needs the output of the job that was shown."""

    exit_status = 0


@contextmanager
def dataflow_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give the function that runs phases on Dataflow.

    Raises UsageError if an option, the gcp extra or credentials are missing, or if a path is local.
    """
    if not has_extra():
        raise UsageError(INSTALL)
    require_complete(options)
    require_remote([root])
    if not options.dataflow.dry_run:
        _require_credentials()

    def execute(build: Build, work: Work) -> None:
        require_remote(work.paths())
        if options.dataflow.dry_run:
            for line in describe_job(work, build_job(build, work, options)):
                sys.stdout.write(f"{line}\n")
            raise DryRunError("dry run: nothing was submitted, and nothing changed")
        _submit(build, work, options)

    yield execute


def build_job(build: Build, work: Work, options: EngineOptions) -> Any:  # noqa: ANN401 - no types
    """Return the job of a phase as it would be submitted; Beam's ``--dry_run`` prevents that."""
    pipeline = _make_pipeline(build, work, options)
    pipeline.run()
    return pipeline.runner.proto_pipeline


def _submit(build: Build, work: Work, options: EngineOptions) -> None:
    """Run a phase on Dataflow and wait for its end; Ctrl-C cancels the job."""
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
    from apache_beam.runners.dataflow.internal.apiclient import DataflowJobAlreadyExistsError
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    job_errors = (DataflowRuntimeException, DataflowJobAlreadyExistsError, GoogleAPIError)
    with show_progress(work):
        pipeline = _make_pipeline(build, work, options)
        try:
            wait_or_cancel(pipeline.run())
        except (*job_errors, GoogleAuthError) as error:
            raise name_fault(error) or _failed(work, error) from error


def _failed(work: Work, error: Exception) -> EvenpairError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = lines[-1] if lines else type(error).__name__
    return EvenpairError(f"{work.phase} failed on Dataflow: {cause}")


def _make_pipeline(build: Build, work: Work, options: EngineOptions) -> beam.Pipeline:
    """Return the pipeline of a phase. Raises UsageError for options that Beam refuses."""
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner

    beam_options = PipelineOptions(dataflow_options(options, work))
    try:
        pipeline = beam.Pipeline(runner=DataflowRunner(), options=beam_options)
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    build(pipeline)
    return pipeline


def has_extra() -> bool:
    """Return whether the packages that Beam needs for Dataflow are installed."""
    try:
        return all(find_spec(name) for name in _NEEDED)
    except ModuleNotFoundError:  # a package above them is missing, too
        return False


def require_remote(paths: Iterable[str]) -> None:
    """Raise UsageError for a path on this machine, which Dataflow's workers cannot read."""
    for path in paths:
        if files.is_local(path):
            raise UsageError(
                f"{path} lies on this machine, where Dataflow's workers cannot read it: copy it "
                "into a bucket and give gs://BUCKET/FOLDER"
            )


def _require_credentials() -> None:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"Dataflow needs Google Cloud credentials: {reason}") from error
