"""The Parquet file beside an output shard: img2dataset's columns, then evenpair's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import pyarrow as pa

from .tables import SCORES, SELECTION

FIRST = ("url", "caption", "key", "status", "error_message", "width", "height", "sha256")
"""img2dataset's columns, which come first; the source's other fields follow."""

ADDED = (
    "uid",
    "caption_raw",
    "caption_generated",
    "caption_source",
    "information_bits",
    "imbalance_before",
    "imbalance_after",
)
"""The columns that evenpair adds, which come last."""

_TALLY = b"evenpair"


@dataclass(frozen=True, slots=True)
class ShardTally:
    """The counts of an output shard."""

    written: Mapping[str, int] = field(default_factory=dict)
    """Pairs written from each source, by its name."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Members that were left out of samples, by field."""
    damaged: Mapping[str, str] = field(default_factory=dict)
    """The damage of sources that lost pairs of the shard, by their names."""
    archive_bytes: int | None = None
    """The size of the archive; None if the images are in the table."""


def with_shard_tally(table: pa.Table, tally: ShardTally) -> pa.Table:
    """Return the table of a shard with its tally in the metadata of the schema."""
    return table.replace_schema_metadata({_TALLY: json.dumps(asdict(tally), sort_keys=True)})


def shard_tally(schema: pa.Schema) -> ShardTally:
    """Return the tally in a schema's metadata. Raises ValueError if there is none."""
    tally = (schema.metadata or {}).get(_TALLY)
    if tally is None:
        raise ValueError("the table of a shard that evenpair did not write: it has no tally")
    return ShardTally(**json.loads(tally))


def shard_table(pieces: Sequence[pa.Table]) -> pa.Table:
    """Return the table of a shard from the chosen rows of its sources.

    The sources' other fields are kept; one whose types differ too much becomes a string.
    """
    tables = [_columns(piece) for piece in pieces]
    names = dict.fromkeys(name for table in tables for name in table.column_names)
    mixed = [name for name in names if not _agree([t.schema for t in tables], name)]
    alike = [_with_strings(table, mixed) for table in tables]
    return pa.concat_tables(alike, promote_options="permissive")


def _agree(schemas: Sequence[pa.Schema], name: str) -> bool:
    fields = [pa.schema([schema.field(name)]) for schema in schemas if name in schema.names]
    try:
        pa.unify_schemas(fields, promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _with_strings(table: pa.Table, names: Sequence[str]) -> pa.Table:
    for name in names:
        if name in table.column_names:
            values = [None if v is None else str(v) for v in table[name].to_pylist()]
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, pa.array(values, pa.string()))
    return table


def _columns(piece: pa.Table) -> pa.Table:
    rows = piece.num_rows
    columns = {
        **{name: piece[name] for name in piece.column_names},
        "key": piece["output_key"],
        "status": pa.array(["success"] * rows, pa.string()),
        "error_message": pa.nulls(rows, pa.string()),
    }
    ours = {*SCORES.names, *SELECTION.names, *FIRST, *ADDED}
    others = [name for name in piece.column_names if name not in ours]
    return pa.table({name: columns[name] for name in (*FIRST, *others, *ADDED)})
