"""Dataflow job -> the image and the machines that each of its steps runs on."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from apache_beam.portability.api import beam_runner_api_pb2

from ...pipeline.runs.work import Work


class Machines(NamedTuple):
    """The container image and the resource hints of a step."""

    image: str
    hints: tuple[tuple[str, str], ...]


def machines_of(job: Any) -> dict[str, Machines]:  # noqa: ANN401 - Beam ships no types
    """Return the machines that each step of a job asks for, in the job's order.

    A step is a labelled transform of a phase. If a primitive transform inside a step asks for other
    machines than the step's first one, it is listed under its own name.
    """
    machines_by_step: dict[str, Machines] = {}
    for transform in _primitives(job.components.transforms, job.root_transform_ids):
        if transform.environment_id:
            machines = _machines(job.components.environments[transform.environment_id])
            step = transform.unique_name.partition("/")[0]
            differs = machines_by_step.setdefault(step, machines) != machines
            machines_by_step[transform.unique_name if differs else step] = machines
    return machines_by_step


def _primitives(transforms: Any, names: Iterable[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the transforms that have no subtransforms, in order."""
    for name in names:
        if transforms[name].subtransforms:
            yield from _primitives(transforms, transforms[name].subtransforms)
        else:
            yield transforms[name]


def _machines(environment: Any) -> Machines:  # noqa: ANN401
    image = beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image
    hints = {urn.split(":")[2]: value.decode() for urn, value in environment.resource_hints.items()}
    return Machines(image, tuple(sorted(hints.items())))


def describe_job(work: Work, job: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield a line about the job, then a line for each kind of machines with its steps."""
    machines_by_step = machines_of(job)
    yield f"{work.phase} of {work.units} shards would be one job:"
    for machines in dict.fromkeys(machines_by_step.values()):
        steps = ", ".join(step for step, its in machines_by_step.items() if its == machines)
        hints = ", ".join(f"{name} {value}" for name, value in machines.hints)
        yield f"  {steps}: {machines.image}{hints and ' with '}{hints}"
