"""The work on one source shard: its pairs as columns, and what was rejected on the way."""

from dataclasses import asdict, dataclass, fields, replace

import pyarrow as pa

from .rejection import Rejection
from .source import Source


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of a source as a whole."""

    pairs_read: int
    source_successes: int | None = None
    """The pairs that the source's own statistics claim, None where it has none."""
    fault: str | None = None
    """Why the source could not be read to its end, None where it could."""
    stamp: str | None = None
    """What the unit was made by, where that decides whether it must be made again."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One source shard on its way through a phase."""

    source: Source
    table: pa.Table
    tally: Tally
    rejections: tuple[Rejection, ...] = ()

    def with_columns(self, names: list[str], columns: list[pa.Array]) -> "Unit":
        """Return the unit with columns added, or replaced where they have a name already."""
        table = self.table
        for name, column in zip(names, columns, strict=True):
            at = table.schema.get_field_index(name)
            table = (
                table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
            )
        return replace(self, table=table)

    def only(self, mask: pa.ChunkedArray) -> "Unit":
        """Return the unit with the rows for which ``mask`` is true."""
        return replace(self, table=self.table.filter(mask))

    def with_order(self, names: list[str]) -> "Unit":
        """Return the unit with its columns in the order of ``names``."""
        return replace(self, table=self.table.select(names))

    def without_columns(self, names: list[str]) -> "Unit":
        """Return the unit with columns left out."""
        return replace(self, table=self.table.drop_columns(names))


_PREFIX = "evenpair:"


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
    """Return the tally that ``with_tally`` put into a schema."""
    metadata = {k.decode(): v.decode() for k, v in (schema.metadata or {}).items()}
    found = {f.name: metadata.get(_PREFIX + f.name) for f in fields(Tally)}
    successes = found["source_successes"]
    return Tally(
        int(found["pairs_read"] or 0),
        None if successes is None else int(successes),
        found["fault"],
        found["stamp"],
    )
