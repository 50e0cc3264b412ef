"""Engine options -> Beam's options for Dataflow, and a check that none is missing."""

import hashlib

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    TestOptions,
    WorkerOptions,
)
from apache_beam.transforms.resources import parse_resource_hints

from ...pipeline.options.engine_options import EngineOptions
from ...pipeline.options.fields import flag
from ...pipeline.runs.work import Hints, Work
from ...schemas.errors import UsageError
from ..harness import HARNESS_OPTIONS

_NEEDED = ("project", "region", "temp_location")
_COPIED = (*_NEEDED, "staging_location", "machine_type")
_PROCESSES = "use_multiple_sdk_containers"


def device_hints(options: EngineOptions) -> Hints:
    """Return the resource hints of a step that runs a model; only Dataflow uses hints."""
    dataflow = options.dataflow
    if options.runner != "dataflow" or not dataflow.accelerator:
        return {}
    ram = {"min_ram": dataflow.accelerator_ram} if dataflow.accelerator_ram else {}
    return {"accelerator": dataflow.accelerator, **ram}


def dataflow_options(options: EngineOptions, work: Work | None = None) -> list[str]:
    """Return Beam's options for the job of a phase; the user's own come last and override.

    Beam has one image for a whole job. A job that captions gets the image with the model, and one
    process on each machine, since every process would load a model of its own.
    """
    dataflow = options.dataflow
    image, more = dataflow.container_image, []
    if work is not None:
        more.append(f"--job_name={_job_name(work)}")
    if work is not None and work.hints:
        image = dataflow.gpu_container_image or image
        if not any(_PROCESSES in option for option in options.beam):
            more.append(f"--experiments=no_{_PROCESSES}")
    if image:
        more.append(f"--sdk_container_image={image}")
    if options.workers:
        more.append(f"--max_num_workers={options.workers}")
    if dataflow.dry_run:
        more.append("--dry_run=True")
    return [
        *(f"--{name}={getattr(dataflow, name)}" for name in _COPIED if getattr(dataflow, name)),
        *HARNESS_OPTIONS,
        *more,
        *options.beam,
    ]


def _job_name(work: Work) -> str:
    """Return a name for the phase and run directory: Dataflow refuses a second job of that name."""
    root = hashlib.blake2b(work.run_dir.root.encode(), digest_size=4).hexdigest()
    return f"evenpair-{work.phase}-{root}"


def require_complete(options: EngineOptions) -> None:
    """Raise UsageError if an option that Dataflow needs is missing or has an impossible value."""
    beam_options = PipelineOptions(dataflow_options(options))
    cloud = beam_options.view_as(GoogleCloudOptions)
    missing = [flag(name) for name in _NEEDED if not getattr(cloud, name)]
    if missing:
        raise UsageError(f"--runner dataflow needs {' and '.join(missing)}")
    for name in ("temp_location", "staging_location"):
        folder = getattr(cloud, name) or cloud.temp_location
        if not folder.startswith("gs://"):
            raise UsageError(f"{flag(name)} must be gs://BUCKET/FOLDER, not {folder}")
    if cloud.template_location or (
        beam_options.view_as(TestOptions).dry_run and not options.dataflow.dry_run
    ):
        raise UsageError(
            "evenpair waits for the end of each job, so a job must run: use --dry-run, before --"
        )
    _require_size(options)
    setup = beam_options.view_as(SetupOptions)
    packages = (setup.setup_file, setup.requirements_file, setup.extra_packages)
    if not beam_options.view_as(WorkerOptions).sdk_container_image and not any(packages):
        raise UsageError(
            "--runner dataflow needs --container-image IMAGE, an image with evenpair for its "
            "workers: docker/Dockerfile builds one"
        )


def _require_size(options: EngineOptions) -> None:
    try:
        parse_resource_hints(dict(device_hints(options)))
    except ValueError as error:
        ram = options.dataflow.accelerator_ram
        raise UsageError(f"--accelerator-ram must be a size such as 16GB, not {ram}") from error
