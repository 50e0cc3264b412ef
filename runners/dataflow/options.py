"""What was asked of Dataflow -> the options that Beam takes, and whether they are all there."""

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

_NEEDED = ("project", "region", "temp_location")
_GIVEN = (*_NEEDED, "staging_location", "machine_type")
_PROCESSES = "use_multiple_sdk_containers"


def device_hints(options: EngineOptions) -> Hints:
    """Return what a step that fills a device asks of its machines; only Dataflow has several."""
    asked = options.dataflow
    if options.runner != "dataflow" or not asked.accelerator:
        return {}
    ram = {"min_ram": asked.accelerator_ram} if asked.accelerator_ram else {}
    return {"accelerator": asked.accelerator, **ram}


def dataflow_options(options: EngineOptions, work: Work | None = None) -> list[str]:
    """Return Beam's options for the job of a phase; those that the user gave come last, and win.

    Beam has one image for a whole job, none for a step. A job with a step that fills a device has
    the image with the model, and one process on each machine: every process would load its own.
    """
    asked = options.dataflow
    image, more = asked.container_image, []
    if work is not None:
        more.append(f"--job_name={_job_name(work)}")
    if work is not None and work.hints:
        image = asked.gpu_container_image or image
        if not any(_PROCESSES in given for given in options.beam):
            more.append(f"--experiments=no_{_PROCESSES}")
    if image:
        more.append(f"--sdk_container_image={image}")
    if options.workers:
        more.append(f"--max_num_workers={options.workers}")
    if asked.dry_run:
        more.append("--dry_run=True")
    return [
        *(f"--{name}={getattr(asked, name)}" for name in _GIVEN if getattr(asked, name)),
        "--default_sdk_harness_log_level=WARNING",
        "--experiments=disable_logging_submission_environment",
        *more,
        *options.beam,
    ]


def _job_name(work: Work) -> str:
    """Return a name that two launchers of one phase share, so that Dataflow refuses the second."""
    root = hashlib.blake2b(work.run_dir.root.encode(), digest_size=4).hexdigest()
    return f"evenpair-{work.phase}-{root}"


def require_complete(options: EngineOptions) -> None:
    """Raise UsageError if anything that Dataflow cannot do without was given nowhere."""
    given = PipelineOptions(dataflow_options(options))
    cloud = given.view_as(GoogleCloudOptions)
    missing = [flag(name) for name in _NEEDED if not getattr(cloud, name)]
    if missing:
        raise UsageError(f"--runner dataflow needs {' and '.join(missing)}")
    for name in ("temp_location", "staging_location"):
        place = getattr(cloud, name) or cloud.temp_location
        if not place.startswith("gs://"):
            raise UsageError(f"{flag(name)} must be gs://BUCKET/FOLDER, not {place}")
    if cloud.template_location or (
        given.view_as(TestOptions).dry_run and not options.dataflow.dry_run
    ):
        raise UsageError("a job that is not run cannot be waited for: use --dry-run, before --")
    _require_size(options)
    setup = given.view_as(SetupOptions)
    packages = (setup.setup_file, setup.requirements_file, setup.extra_packages)
    if not given.view_as(WorkerOptions).sdk_container_image and not any(packages):
        raise UsageError(
            "--runner dataflow needs --container-image IMAGE, for its workers have no evenpair "
            "otherwise: docker/Dockerfile makes one"
        )


def _require_size(options: EngineOptions) -> None:
    try:
        parse_resource_hints(dict(device_hints(options)))
    except ValueError as error:
        asked = options.dataflow.accelerator_ram
        raise UsageError(f"--accelerator-ram must be a size such as 16GB, not {asked}") from error
