"""A job of Dataflow -> which of its steps run in which image, on machines with what."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from apache_beam.portability.api import beam_runner_api_pb2

from ...pipeline.runs.work import Work


class Machines(NamedTuple):
    """What machines have that a step runs on."""

    image: str
    hints: tuple[tuple[str, str], ...]


def machines_of(job: Any) -> dict[str, Machines]:  # noqa: ANN401 - Beam ships no types
    """Return what each step of a job, in its order, asks of the machines that it runs on.

    A step is what a phase labels, whatever it consists of; a part that asks for other machines
    than its first one stands by its own name.
    """
    asked: dict[str, Machines] = {}
    for part in _parts(job.components.transforms, job.root_transform_ids):
        if part.environment_id:
            machines = _machines(job.components.environments[part.environment_id])
            step = part.unique_name.partition("/")[0]
            differs = asked.setdefault(step, machines) != machines
            asked[part.unique_name if differs else step] = machines
    return asked


def _parts(transforms: Any, names: Iterable[str]) -> Iterator[Any]:  # noqa: ANN401
    """Yield the transforms that consist of no others, in order."""
    for name in names:
        if transforms[name].subtransforms:
            yield from _parts(transforms, transforms[name].subtransforms)
        else:
            yield transforms[name]


def _machines(environment: Any) -> Machines:  # noqa: ANN401
    image = beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image
    hints = {urn.split(":")[2]: value.decode() for urn, value in environment.resource_hints.items()}
    return Machines(image, tuple(sorted(hints.items())))


def describe_job(work: Work, job: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield a line that says what a job is, and one for each kind of machines with its steps."""
    asked = machines_of(job)
    yield f"{work.phase} of {work.units} shards would be one job:"
    for machines in dict.fromkeys(asked.values()):
        steps = ", ".join(step for step, found in asked.items() if found == machines)
        wanted = ", ".join(f"{name} {value}" for name, value in machines.hints)
        yield f"  {steps}: {machines.image}{wanted and ' with '}{wanted}"
