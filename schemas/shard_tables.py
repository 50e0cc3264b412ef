"""The parquet beside an output shard: img2dataset's columns, then those that evenpair adds."""

from collections.abc import Sequence

import pyarrow as pa

from .tables import SCORES, SELECTION

ADDED = (
    "uid",
    "caption_raw",
    "caption_generated",
    "caption_source",
    "information_bits",
    "imbalance_before",
    "imbalance_after",
)
_FIRST = ("url", "caption", "key", "status", "error_message", "width", "height", "sha256")


def shard_table(pieces: Sequence[pa.Table]) -> pa.Table:
    """Return the table of a shard from the chosen rows of its sources.

    Their other fields are kept; a type that differs between sources becomes a string.
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
    given = {
        **{name: piece[name] for name in piece.column_names},
        "key": piece["output_key"],
        "status": pa.array(["success"] * rows, pa.string()),
        "error_message": pa.nulls(rows, pa.string()),
    }
    ours = {*SCORES.names, *SELECTION.names, *_FIRST, *ADDED}
    others = [name for name in piece.column_names if name not in ours]
    return pa.table({name: given[name] for name in (*_FIRST, *others, *ADDED)})
