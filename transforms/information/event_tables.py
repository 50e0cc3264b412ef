"""Counted events as columns: summed exactly, in a tenth of the memory that counters take."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.statistics import EVENTS, SEPARATOR, Event

_FEW = 100_000
"""So many rows wait at least before they are summed."""


class EventSum:
    """Tables of events, summed as they come: it holds about twice the distinct ones."""

    def __init__(self) -> None:
        self._total = EVENTS.empty_table()
        self._waiting: list[pa.Table] = []
        self._rows = 0

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return int(self._total.num_rows) + self._rows

    def add(self, events: pa.Table) -> None:
        """Take up ``events``."""
        self._waiting.append(events)
        self._rows += events.num_rows
        if self._rows > max(_FEW, self._total.num_rows):
            self.total()

    def total(self) -> pa.Table:
        """Return every event once, with the sum of its counts."""
        grouped = pa.concat_tables([self._total, *self._waiting]).group_by("event")
        summed = grouped.aggregate([("count", "sum")]).rename_columns({"count_sum": "count"})
        self._total, self._waiting, self._rows = summed.select(EVENTS.names), [], 0
        return self._total


def events_to_table(counts: Mapping[Event, int]) -> pa.Table:
    """Return ``counts`` as a table with the schema EVENTS."""
    events = pa.array([SEPARATOR.join(event) for event in counts], pa.string())
    return pa.table([events, pa.array(counts.values(), pa.int64())], schema=EVENTS)


def sum_events(parts: Iterable[pa.Table]) -> pa.Table:
    """Return the sum of ``parts``, exact in whatever order they come."""
    total = EventSum()
    for part in parts:
        total.add(part)
    return total.total()


def prune(events: pa.Table, limit: int) -> pa.Table:
    """Return the most frequent events, ties by their terms."""
    if events.num_rows <= limit:
        return events
    order = [("count", "descending"), ("event", "ascending")]
    return events.take(pc.select_k_unstable(events, limit, order))


def pack(events: pa.Table) -> bytes:
    """Return ``events`` as compressed bytes: sorted terms shrink to a fourth."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, EVENTS, options=options) as stream:
        stream.write_table(events)
    return bytes(sink.getvalue())


def unpack(packed: bytes) -> pa.Table:
    """Return what ``pack`` packed."""
    with pa.ipc.open_stream(packed) as stream:
        return stream.read_all()
