"""Beam's FnApiRunner, with the elements of a stage dealt out to workers as they become free.

Beam's own gives every worker the same number of elements and waits for the slowest: one slow core
or one long shard leaves the other workers idle.
"""

import copy
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from threading import Lock
from typing import Any

from apache_beam.metrics import monitoring_infos
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import (
    BundleManager,
    ParallelBundleManager,
)
from apache_beam.utils import thread_pool_executor

_CHUNKS = 16
"""Chunks that the elements of a stage are split into, for each worker."""

Chunk = Mapping[str, list[bytes]]
"""Encoded elements by the name of their input."""

_Result = tuple[Any, list[Any]]
"""A worker's response to a bundle, and the splits of the bundle."""


class SharingRunner(FnApiRunner):
    """An FnApiRunner whose workers take a next bundle when they have finished one."""

    def _get_bundle_manager(self, context: Any) -> Any:  # noqa: ANN401 - Beam ships no types
        manager = super()._get_bundle_manager(context)
        if isinstance(manager, ParallelBundleManager):
            return _SharingManager(context, self._progress_frequency)
        return manager


class Chunks:
    """The remaining chunks of a stage, dealt out in ever smaller bundles.

    A bundle is half of a worker's fair share of the remaining chunks. Guided self-scheduling
    (Polychronopoulos and Kuck, IEEE Transactions on Computers, 1987) deals out a whole share.
    """

    def __init__(self, chunks: Sequence[Chunk], workers: int) -> None:
        self._remaining = deque(chunks)
        self._shares = 2 * workers
        self._lock = Lock()

    def bundles(self) -> Iterator[Chunk]:
        """Yield bundles for one worker until no chunk remains; a failed worker stops the others."""
        try:
            while chunks := self._take():
                yield {name: list(chain(*(chunk[name] for chunk in chunks))) for name in chunks[0]}
        finally:
            self._remaining.clear()

    def _take(self) -> list[Chunk]:
        with self._lock:
            count = -(-len(self._remaining) // self._shares)
            return [self._remaining.popleft() for _ in range(count)]


def split_inputs(inputs: Mapping[str, Any], count: int) -> list[Chunk]:
    """Split ``inputs`` into at most ``count`` chunks; only a single chunk may be empty."""
    split = {name: buffer.partition(count) for name, buffer in inputs.items()}
    chunks: list[Chunk] = [{name: split[name][at] for name in split} for at in range(count)]
    return [chunk for chunk in chunks if any(chain(*chunk.values()))] or chunks[:1]


class _SharingManager(ParallelBundleManager):
    def process_bundle(self, inputs: Mapping[str, Any], *arguments: Any) -> _Result:
        """Process a stage, with the arguments and the result of BundleManager."""
        workers = self.bundle_context_manager.worker_handlers
        chunks = Chunks(split_inputs(inputs, _CHUNKS * len(workers)), len(workers))

        def work(manager: BundleManager) -> list[_Result]:
            return [manager.process_bundle(bundle, *arguments) for bundle in chunks.bundles()]

        with thread_pool_executor.shared_unbounded_instance() as executor:
            results = list(chain(*executor.map(work, map(self._manager_for, workers))))
        return _merge([result for result, _ in results]), list(chain(*(s for _, s in results)))

    def _manager_for(self, worker: Any) -> BundleManager:  # noqa: ANN401 - Beam ships no types
        context = copy.copy(self.bundle_context_manager)
        context._worker_handlers = [worker]
        return BundleManager(
            context,
            self._progress_frequency,
            cache_token_generator=FnApiRunner.get_cache_token_generator(static=False),
        )


def _merge(results: Sequence[Any]) -> Any:  # noqa: ANN401 - Beam ships no types
    metrics = chain(*(result.process_bundle.monitoring_infos for result in results))
    return beam_fn_api_pb2.InstructionResponse(
        process_bundle=beam_fn_api_pb2.ProcessBundleResponse(
            monitoring_infos=monitoring_infos.consolidate(metrics)
        ),
        error=next((result.error for result in results if result.error), ""),
    )
