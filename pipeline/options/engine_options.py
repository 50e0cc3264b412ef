"""The options of the engine that phases run on; none of them changes the results."""

from dataclasses import dataclass, field, fields

from ...schemas.errors import UsageError
from .fields import at_least, flag, option


@dataclass(frozen=True, slots=True, kw_only=True)
class DataflowOptions:
    """Where Dataflow works, and on which machines."""

    project: str = option("", "The Google Cloud project that Dataflow works in.", metavar="PROJECT")
    region: str = option("", "The region that Dataflow works in.", metavar="REGION")
    temp_location: str = option(
        "", "A folder for Dataflow's temporary files.", metavar="gs://BUCKET/FOLDER"
    )
    staging_location: str = option(
        "",
        "A folder for the files of the job; the same as the temporary one by default.",
        metavar="gs://BUCKET/FOLDER",
    )
    machine_type: str = option("", "The machines of Dataflow's workers.", metavar="TYPE")
    container_image: str = option(
        "", "The image of Dataflow's workers, with evenpair in it.", metavar="IMAGE"
    )
    gpu_container_image: str = option(
        "", "The image for the phase that captions, with the model in it.", metavar="IMAGE"
    )
    accelerator: str = option(
        "type:nvidia-l4;count:1;install-nvidia-driver",
        "The accelerator of the captioning step, and of no other; '' for none.",
        metavar="GPU",
    )
    accelerator_ram: str = option(
        "16GB", "The minimum memory of Dataflow's machines that caption.", metavar="SIZE"
    )
    dry_run: bool = option(
        False, "Build the next phase's job for Dataflow and show it; nothing is submitted."
    )


_NO_DATAFLOW = DataflowOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Where the phases run."""

    runner: str = option(
        "direct",
        "The engine: this machine, Flink, Dataflow, or the engine behind any Beam job server.",
        choices=("direct", "flink", "dataflow", "portable"),
    )
    workers: int = option(
        0,
        "Worker processes, on Flink slots, on Dataflow at most so many machines; 0 takes one for "
        "each core, or all that the engine has.",
        metavar="N",
    )
    job_endpoint: str = option(
        "", "A running Beam job server, for --runner portable or flink.", metavar="HOST:PORT"
    )
    flink_master: str = option(
        "",
        "The REST address of a Flink cluster; without --job-endpoint a job server is started here.",
        metavar="HOST:PORT",
    )
    flink_job_server_jar: str = option(
        "", "The job server to start, instead of downloading Beam's.", metavar="JAR"
    )
    shared_paths: bool = option(
        False, "Workers on other hosts can see paths that seem to be local to this machine."
    )
    dataflow: DataflowOptions = field(default=_NO_DATAFLOW)
    beam: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least("--workers", self.workers, 0)
        if self.runner == "portable" and not self.job_endpoint:
            raise UsageError("--runner portable needs --job-endpoint HOST:PORT")
        if self.runner == "flink" and not (self.job_endpoint or self.flink_master):
            raise UsageError("--runner flink needs --flink-master or --job-endpoint HOST:PORT")
        for name, runners in _OF_RUNNERS.items():
            if getattr(self, name) and self.runner not in runners:
                raise UsageError(f"{flag(name)} needs --runner {' or '.join(runners)}")
        for name in (f.name for f in fields(DataflowOptions)):
            is_set = getattr(self.dataflow, name) != getattr(_NO_DATAFLOW, name)
            if is_set and self.runner != "dataflow":
                raise UsageError(f"{flag(name)} needs --runner dataflow")


_OF_RUNNERS = {
    "job_endpoint": ("portable", "flink"),
    "flink_master": ("flink",),
    "flink_job_server_jar": ("flink",),
    "shared_paths": ("portable", "flink"),
}
"""Options of the engine that only some runners know."""
