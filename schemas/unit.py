"""A unit, the work on one source shard: its pairs as columns, and its rejections so far."""

from dataclasses import asdict, dataclass, fields, replace

import pyarrow as pa

from .rejection import Rejection
from .source import Source

_PREFIX = "evenpair:"


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of a source, and the state of its reading."""

    pairs_read: int
    source_successes: int | None = None
    """Downloaded pairs by the source's own statistics; None without statistics."""
    fault: str | None = None
    """Why the source could not be read to its end; None if it could."""
    stamp: str | None = None
    """A hash of all that the unit was made from, where a change means that it must be redone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The pairs of one source shard on their way through a phase."""

    source: Source
    table: pa.Table
    tally: Tally
    rejections: tuple[Rejection, ...] = ()

    def with_columns(self, names: list[str], columns: list[pa.Array]) -> "Unit":
        """Return the unit with ``columns`` added, or replaced where one has the name already."""
        table = self.table
        for name, column in zip(names, columns, strict=True):
            at = table.schema.get_field_index(name)
            if at < 0:
                table = table.append_column(name, column)
            else:
                table = table.set_column(at, name, column)
        return replace(self, table=table)

    def only(self, mask: pa.ChunkedArray) -> "Unit":
        """Return the unit with the rows for which ``mask`` is true."""
        return replace(self, table=self.table.filter(mask))

    def with_order(self, names: list[str]) -> "Unit":
        """Return the unit with its columns in the order of ``names``."""
        return replace(self, table=self.table.select(names))

    def without_columns(self, names: list[str]) -> "Unit":
        """Return the unit without the columns ``names``."""
        return replace(self, table=self.table.drop_columns(names))


def with_tally(table: pa.Table, tally: Tally) -> pa.Table:
    """Return ``table`` with ``tally`` in the metadata of its schema."""
    values = asdict(tally)
    metadata = {
        (_PREFIX + name).encode(): str(value).encode("utf-8", "replace")
        for name, value in values.items()
        if value is not None
    }
    return table.replace_schema_metadata(metadata)


def tally_of(schema: pa.Schema) -> Tally:
    """Return the tally in a schema's metadata, an empty one without metadata."""
    metadata = {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}
    values = {field.name: metadata.get(_PREFIX + field.name) for field in fields(Tally)}
    successes = values["source_successes"]
    return Tally(
        int(values["pairs_read"] or 0),
        None if successes is None else int(successes),
        values["fault"],
        values["stamp"],
    )
