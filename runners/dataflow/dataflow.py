"""Dataflow: every phase is a job; a dry run shows the next one instead of submitting it."""

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
    """Ends a dry run: what follows needs what this job would have left."""

    exit_status = 0


@contextmanager
def dataflow_engine(options: EngineOptions, root: str) -> Iterator[Execute]:
    """Give what runs phases on Dataflow, when everything that they need is there.

    Raises UsageError, in one line, for what is not.
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
    """Return the job of a phase as Dataflow would be given it; ``--dry_run`` keeps it here."""
    pipeline = _wired(build, work, options)
    pipeline.run()
    return pipeline.runner.proto_pipeline


def _submit(build: Build, work: Work, options: EngineOptions) -> None:
    """Have Dataflow run a phase, wait for its end; cancel it if interrupted."""
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRuntimeException
    from apache_beam.runners.dataflow.internal.apiclient import DataflowJobAlreadyExistsError
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    known = (DataflowRuntimeException, DataflowJobAlreadyExistsError, GoogleAPIError)
    with show_progress(work):
        pipeline = _wired(build, work, options)
        try:
            wait_or_cancel(pipeline.run())
        except (*known, GoogleAuthError) as error:
            raise name_fault(error) or _failed(work, error) from error


def _failed(work: Work, error: Exception) -> EvenpairError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1] if lines else type(error).__name__
    return EvenpairError(f"{work.phase} failed on Dataflow: {said}")


def _wired(build: Build, work: Work, options: EngineOptions) -> beam.Pipeline:
    """Return a phase as a pipeline. Raises UsageError for options that Beam refuses."""
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner

    given = PipelineOptions(dataflow_options(options, work))
    try:
        pipeline = beam.Pipeline(runner=DataflowRunner(), options=given)
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    build(pipeline)
    return pipeline


def has_extra() -> bool:
    """Return whether what Beam needs for Dataflow is installed."""
    try:
        return all(find_spec(name) for name in _NEEDED)
    except ModuleNotFoundError:  # not even what they are part of
        return False


def require_remote(paths: Iterable[str]) -> None:
    """Raise UsageError for a path on this machine, which no worker of Dataflow can see."""
    for path in paths:
        if files.is_local(path):
            raise UsageError(
                f"{path} lies on this machine, where Dataflow's workers cannot see it: copy it "
                "into a bucket, and name gs://BUCKET/FOLDER"
            )


def _require_credentials() -> None:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        said = " ".join(str(error).split())
        raise UsageError(f"Dataflow needs credentials of Google Cloud: {said}") from error
