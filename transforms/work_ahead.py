"""Iterator -> the same items, made on other threads before they are asked for."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_POLL_SECONDS = 0.1


def map_ahead(
    function: Callable[[_T], _R], items: Iterable[_T], threads: int, most: int
) -> Generator[_R]:
    """Yield ``function`` of each item, in order; ``most`` are at work or waiting at any time.

    What it raises is raised here, when its turn comes.
    """
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def run_ahead(items: Generator[_T], most: int) -> Generator[_T]:
    """Yield ``items``, which a thread of their own makes; ``most`` of them wait at any time."""
    made: queue.Queue[tuple[_T | None, BaseException | None]] = queue.Queue(most)
    stop = threading.Event()
    maker = threading.Thread(target=_make, args=(items, made, stop), daemon=True)
    maker.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        maker.join()


def _make(
    items: Generator[_T],
    made: "queue.Queue[tuple[_T | None, BaseException | None]]",
    stop: threading.Event,
) -> None:
    """Put every item into the queue, then the error or the end that came after them."""
    with closing(items):
        for entry in _entries(items):
            while not stop.is_set():
                try:
                    made.put(entry, timeout=_POLL_SECONDS)
                    break
                except queue.Full:
                    continue
            if stop.is_set():
                return


def _entries(items: Iterator[_T]) -> Iterator[tuple[_T | None, BaseException | None]]:
    try:
        for item in items:
            yield item, None
    except BaseException as error:  # raised where the items are used
        yield None, error
    else:
        yield None, StopIteration()
