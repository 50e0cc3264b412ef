"""The network buffers that a phase needs on Flink, and those of a cluster's task managers.

In a batch job every open result of a subtask holds buffers of its own from the memory of its task
manager: ``taskmanager.network.sort-shuffle.min-buffers`` (512) buffers of
``taskmanager.memory.segment-size`` (32 KB); NettyShuffleUtils of Flink 1.20 computes them. A job
that finds too few fails with "Insufficient number of network buffers".
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.portability.fn_api_runner import translations
from apache_beam.runners.worker import bundle_processor

from ...schemas.errors import UsageError
from .cluster import FlinkCluster

_RUNNER_URNS = frozenset(
    {
        common_urns.composites.RESHUFFLE.urn,
        common_urns.primitives.IMPULSE.urn,
        common_urns.primitives.FLATTEN.urn,
        common_urns.primitives.GROUP_BY_KEY.urn,
    }
)
_FUSION = (
    translations.annotate_downstream_side_inputs,
    translations.annotate_stateful_dofns_as_roots,
    translations.lift_combiners,
    translations.expand_sdf,
    translations.greedily_fuse,
    translations.sort_stages,
)
SMALL_MIN_BUFFERS = 32
"""A value of ``sort-shuffle.min-buffers`` with which every phase runs, as tried on Flink 1.20."""


class Wave(NamedTuple):
    """Tasks that run at the same time: the results that they write, the inputs that they read."""

    results: int
    inputs: int

    def buffers(self, cluster: FlinkCluster, parallelism: int, min_buffers: int) -> int:
        """Return the buffers that the wave needs on one task manager."""
        sorts = parallelism >= cluster.sort_min_parallelism
        a_result = min_buffers if sorts else parallelism + 1
        an_input = 2 * parallelism + 1  # two for each channel, and one that floats
        subtasks = min(parallelism, cluster.slots_per_manager)
        return subtasks * (self.results * a_result + self.inputs * an_input)


WIDEST = Wave(results=14, inputs=0)
"""The widest wave of all phases: the sources of ``select`` with every option."""


def waves_of(job: beam_runner_api_pb2.Pipeline) -> list[Wave]:
    """Return the waves of a job: its sources, then the stages that need them alone, and so on.

    Flink starts all sources at once, and a stage as soon as its inputs are complete.
    """
    copy = type(job)()
    copy.CopyFrom(job)  # Beam changes what it fuses
    _, stages = translations.create_and_optimize_stages(copy, _FUSION, _RUNNER_URNS)
    needs, results = _graph(stages)
    depths: dict[int, int] = {}
    for stage in TopologicalSorter(needs).static_order():
        depths[stage] = max((depths[other] + 1 for other in needs[stage]), default=0)
    written, read = Counter[int](), Counter[int]()
    for stage, depth in depths.items():
        written[depth] += results[stage]
        read[depth] += len(needs[stage])
    return [Wave(written[depth], read[depth]) for depth in sorted(written)]


def _graph(stages: Sequence[Any]) -> tuple[Mapping[int, set[int]], Mapping[int, int]]:
    """Return the stages that each stage reads from, and how many results each stage writes.

    A result is a collection for one of the stages that read it. A stage begins by a transform that
    reads its input from a buffer, whose output is a collection of another stage.
    """
    makers = {
        name: number
        for number, stage in enumerate(stages)
        for transform in stage.transforms
        if transform.spec.urn != bundle_processor.DATA_INPUT_URN
        for name in transform.outputs.values()
    }
    edges = {
        (name, number)
        for number, stage in enumerate(stages)
        for transform in stage.transforms
        for name in (*transform.inputs.values(), *transform.outputs.values())
        if makers[name] != number
    }
    needs: dict[int, set[int]] = {number: set() for number in range(len(stages))}
    for name, number in edges:
        needs[number].add(makers[name])
    return needs, Counter(makers[name] for name, _ in edges)


def require_buffers(
    cluster: FlinkCluster, phase: str, waves: Sequence[Wave], parallelism: int
) -> None:
    """Raise UsageError if ``cluster`` has too few network buffers for ``phase``."""
    has = cluster.network_buffers
    if has is None or not waves:
        return
    minimum = cluster.sort_min_buffers
    wave = max(waves, key=lambda wave: wave.buffers(cluster, parallelism, minimum))
    needed = wave.buffers(cluster, parallelism, minimum)
    if needed > has:
        slots = min(parallelism, cluster.slots_per_manager)
        raise UsageError(
            f"{phase} needs {needed} network buffers on each task manager of the Flink cluster at "
            f"{cluster.address} ({wave.results} open results of {minimum} buffers in {slots} "
            f"slots), which has {has}: {_advice(cluster, wave, parallelism)}"
        )


def _advice(cluster: FlinkCluster, wave: Wave, parallelism: int) -> str:
    """Return the ways to enough buffers: smaller results, more memory, fewer workers."""
    small = wave.buffers(cluster, parallelism, SMALL_MIN_BUFFERS)
    needed = wave.buffers(cluster, parallelism, cluster.sort_min_buffers)
    memory = (
        f"taskmanager.memory.network.min and .max: {-(-needed * cluster.segment_bytes // 2**20)}mb"
    )
    results = f"taskmanager.network.sort-shuffle.min-buffers: {SMALL_MIN_BUFFERS}"
    if small < needed:
        memory = f"{results} ({small} are enough then), or {memory}"
    return f"set {memory} in its configuration, or give fewer --workers (docs/flink.md)"
