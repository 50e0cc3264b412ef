"""Beam's FnApiRunner, with the work of a stage dealt out to its workers as they get done.

Beam's own gives every worker the same number of elements, and waits for the slowest of them: where
a core is slower than others, or a shard longer, the rest stand idle.
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

_PARTS = 16
"""The elements of a stage are split into so many parts for each worker."""

Part = Mapping[str, list[bytes]]
"""Encoded elements, by the name of the input that they belong to."""

_Result = tuple[Any, list[Any]]
"""What a worker answered to a bundle, and how the bundle was split."""


class SharingRunner(FnApiRunner):
    """An FnApiRunner whose workers take the next elements when they are done with some."""

    def _get_bundle_manager(self, context: Any) -> Any:  # noqa: ANN401 - Beam ships no types
        manager = super()._get_bundle_manager(context)
        if isinstance(manager, ParallelBundleManager):
            return _SharingManager(context, self._progress_frequency)
        return manager


class Parts:
    """Parts that are left to do, dealt out in ever smaller bundles.

    A bundle is half of a worker's fair share of what is left: guided self-scheduling
    (Polychronopoulos and Kuck, IEEE Transactions on Computers, 1987) gives all of it.
    """

    def __init__(self, parts: Sequence[Part], workers: int) -> None:
        self._left = deque(parts)
        self._shares = 2 * workers
        self._lock = Lock()

    def bundles(self) -> Iterator[Part]:
        """Yield bundles for one worker, until nothing is left; whatever stops it stops all."""
        try:
            while taken := self._take():
                yield {name: list(chain(*(part[name] for part in taken))) for name in taken[0]}
        finally:
            self._left.clear()

    def _take(self) -> list[Part]:
        with self._lock:
            count = -(-len(self._left) // self._shares)
            return [self._left.popleft() for _ in range(count)]


def split_inputs(inputs: Mapping[str, Any], count: int) -> list[Part]:
    """Return ``inputs`` in at most ``count`` parts, none of them empty but a sole one."""
    split = {name: buffer.partition(count) for name, buffer in inputs.items()}
    parts: list[Part] = [{name: split[name][at] for name in split} for at in range(count)]
    return [part for part in parts if any(chain(*part.values()))] or parts[:1]


class _SharingManager(ParallelBundleManager):
    def process_bundle(self, inputs: Mapping[str, Any], *more: Any) -> _Result:
        """Work through a stage; the arguments are those of BundleManager, and so is the result."""
        workers = self.bundle_context_manager.worker_handlers
        parts = Parts(split_inputs(inputs, _PARTS * len(workers)), len(workers))

        def work(manager: BundleManager) -> list[_Result]:
            return [manager.process_bundle(bundle, *more) for bundle in parts.bundles()]

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
    counted = chain(*(result.process_bundle.monitoring_infos for result in results))
    return beam_fn_api_pb2.InstructionResponse(
        process_bundle=beam_fn_api_pb2.ProcessBundleResponse(
            monitoring_infos=monitoring_infos.consolidate(counted)
        ),
        error=next((result.error for result in results if result.error), ""),
    )
