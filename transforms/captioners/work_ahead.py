"""Iterator -> the same items, made on other threads before they are needed."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 5.0
"""How long calls that are under way may go on after an interrupt."""


def map_ahead(
    function: Callable[[_T], _R], items: Iterable[_T], threads: int, most: int
) -> Generator[_R]:
    """Yield ``function(item)`` for each item, in order, with ``most`` of them under way or waiting.

    An error of the function is raised in its turn. Calls that are under way then are waited for,
    but only for some seconds after an interrupt or if no more items are wanted.
    """
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[_R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= most:
                yield waiting[0].result()
                waiting.popleft()
        while waiting:
            yield waiting[0].result()
            waiting.popleft()
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        wait([future for future in waiting if not future.cancelled()], _GRACE_SECONDS)


def run_ahead(items: Generator[_T], most: int) -> Generator[_T]:
    """Yield ``items``, which one other thread makes; at most ``most`` of them wait."""
    entries: queue.Queue[_Entry[_T]] = queue.Queue(most)
    stop = threading.Event()
    maker = threading.Thread(target=_make, args=(items, entries, stop), daemon=True)
    maker.start()
    try:
        while True:
            entry = entries.get()
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


_Entry = _Item[_T] | _End


def _make(items: Generator[_T], entries: "queue.Queue[_Entry[_T]]", stop: threading.Event) -> None:
    """Put every item into the queue, then an end with the error that was raised, if any."""
    end = _End()
    try:
        with closing(items):
            for item in items:
                if not _put(_Item(item), entries, stop):
                    return
    except BaseException as error:  # run_ahead raises it
        end = _End(error)
    _put(end, entries, stop)


def _put(entry: _Entry[_T], entries: "queue.Queue[_Entry[_T]]", stop: threading.Event) -> bool:
    """Wait for a place in the queue; return False if the items are no longer needed."""
    while not stop.is_set():
        try:
            entries.put(entry, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
