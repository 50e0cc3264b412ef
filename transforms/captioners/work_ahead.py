"""Iterator -> the same items, made on other threads before they are asked for."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

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
    made: queue.Queue[_Made[_T]] = queue.Queue(most)
    stop = threading.Event()
    maker = threading.Thread(target=_make, args=(items, made, stop), daemon=True)
    maker.start()
    try:
        while True:
            entry = made.get()
            if isinstance(entry, _End):
                if entry.error is not None:
                    raise entry.error
                return
            yield entry.item
    finally:
        stop.set()
        maker.join()


@dataclass(frozen=True, slots=True)
class _Item(Generic[_T]):
    item: _T


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None = None


_Made = _Item[_T] | _End


def _make(items: Generator[_T], made: "queue.Queue[_Made[_T]]", stop: threading.Event) -> None:
    """Put every item into the queue, then the end, with what was raised instead of more."""
    end = _End()
    try:
        with closing(items):
            for item in items:
                if not _put(_Item(item), made, stop):
                    return
    except BaseException as error:  # it is raised where the items are used
        end = _End(error)
    _put(end, made, stop)


def _put(entry: _Made[_T], made: "queue.Queue[_Made[_T]]", stop: threading.Event) -> bool:
    """Wait for a place in the queue; return False if nobody will take anything any more."""
    while not stop.is_set():
        try:
            made.put(entry, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
