"""The Parquet file beside an output shard: img2dataset's columns, then evenpair's."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from .other_fields import MOST_FIELDS, OTHER_FIELDS, json_column, json_rows
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

_OURS = frozenset((*SCORES.names, *SELECTION.names, *FIRST, *ADDED))
_TALLY = b"evenpair"

Columns = Mapping[str, pa.ChunkedArray]
"""The columns of a source's own fields, by name."""


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

    The sources' other fields are kept; one whose types differ too much becomes a string. Where
    sources have more different fields than fit, the rarer ones go into the JSON of OTHER_FIELDS.
    """
    all_own = [{n: piece[n] for n in piece.column_names if n not in _OURS} for piece in pieces]
    kept = _kept(all_own)
    own = [_with_rest(columns, kept) for columns in all_own]
    types: dict[str, set[pa.DataType]] = {}
    for columns in own:
        for name, column in columns.items():
            types.setdefault(name, set()).add(column.type)
    mixed = {name for name, kinds in types.items() if len(kinds) > 1 and not _agree(kinds)}
    tables = [
        _columns(piece, {n: _strings(c) if n in mixed else c for n, c in columns.items()}, types)
        for piece, columns in zip(pieces, own, strict=True)
    ]
    return pa.concat_tables(tables, promote_options="permissive")


def _kept(own: Sequence[Columns]) -> set[str]:
    """Return the fields that keep a column: as many as one source has, at least MOST_FIELDS."""
    counts = Counter(name for columns in own for name in columns)
    most = max([MOST_FIELDS, *map(len, own)])
    return {OTHER_FIELDS, *(name for name, _ in counts.most_common(most))}


def _with_rest(columns: Columns, kept: set[str]) -> Columns:
    """Return the columns of ``kept`` fields, the others added to those of OTHER_FIELDS."""
    rest = {name: column for name, column in columns.items() if name not in kept}
    if not rest:
        return columns
    values = zip(*(column.to_pylist() for column in rest.values()), strict=True)
    rows: list[dict[str, Any]] = [
        {name: value for name, value in zip(rest, row, strict=True) if value is not None}
        for row in values
    ]
    for row, before in zip(rows, json_rows(pa.table(columns)), strict=False):
        row |= before
    left = {name: column for name, column in columns.items() if name in kept}
    return {**left, OTHER_FIELDS: pa.chunked_array([json_column(rows)])}


def _agree(types: Iterable[pa.DataType]) -> bool:
    schemas = [pa.schema([("field", kind)]) for kind in types]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _strings(column: pa.ChunkedArray) -> pa.ChunkedArray:
    values = [None if v is None else str(v) for v in column.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def _columns(piece: pa.Table, own: Columns, order: Iterable[str]) -> pa.Table:
    """Return img2dataset's columns, the source's ``own`` ones in ``order``, then evenpair's."""
    rows = piece.num_rows
    columns = {
        **{name: piece[name] for name in piece.column_names if name in _OURS},
        **own,
        "key": piece["output_key"],
        "status": pa.array(["success"] * rows, pa.string()),
        "error_message": pa.nulls(rows, pa.string()),
    }
    names = (*FIRST, *(name for name in order if name in own), *ADDED)
    return pa.table({name: columns[name] for name in names})
