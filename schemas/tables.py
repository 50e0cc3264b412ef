"""The Arrow schemas of a run's tables. Every table has one Parquet file for each source shard."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .facts import Attribute, Facts, Relation
from .rejection import Rejection

OBJECTS = pa.list_(pa.string())
ATTRIBUTES = pa.list_(pa.struct([("object", pa.string()), ("attribute", pa.string())]))
RELATIONS = pa.list_(
    pa.struct([("subject", pa.string()), ("predicate", pa.string()), ("object", pa.string())])
)
FACTS = pa.schema([("objects", OBJECTS), ("attributes", ATTRIBUTES), ("relations", RELATIONS)])

_IDENTITY = [("uid", pa.string()), ("shard", pa.string()), ("key", pa.string())]

PAIRS = pa.schema(
    [
        *_IDENTITY,
        ("url", pa.string()),
        ("sha256", pa.string()),
        ("caption", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
    ]
)
"""What a source says of its pairs, before anything is derived from the captions."""

SCORES = pa.schema(
    [
        *_IDENTITY,
        ("url", pa.string()),
        ("sha256", pa.string()),
        ("caption", pa.string()),
        ("language", pa.string()),
        ("words", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        *FACTS,
        ("object_bits", pa.float64()),
        ("attribute_bits", pa.float64()),
        ("relation_bits", pa.float64()),
        ("information_bits", pa.float64()),
        ("visible_bits", pa.float64()),
        ("object_share", pa.float64()),
        ("imbalance", pa.float64()),
        ("sparse", pa.bool_()),
    ]
)
"""One row for each pair; the source's own other fields follow these columns."""

CAPTIONS = pa.schema(
    [
        *_IDENTITY,
        ("model", pa.string()),
        ("revision", pa.string()),
        ("prompt", pa.string()),
        ("caption", pa.string()),
        ("fault", pa.string()),
        *FACTS,
        ("information_bits", pa.float64()),
        ("similarity_raw", pa.float64()),
        ("similarity_generated", pa.float64()),
        (
            "parts",
            pa.list_(
                pa.struct(
                    [
                        ("text", pa.string()),
                        ("objects", OBJECTS),
                        ("attributes", ATTRIBUTES),
                        ("relations", RELATIONS),
                    ]
                )
            ),
        ),
    ]
)
"""One row for each captioned pair.

``parts`` are the caption's sentences and clauses with the facts that each adds; a clause that goes
on with a sentence begins with its comma or its space. The similarities to the image are null where
no model for them was asked for.
"""

ANSWERS = pa.schema(
    [
        ("uid", pa.string()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("prompt", pa.string()),
        ("answer", pa.string()),
        ("is_cut", pa.bool_()),
        ("fault", pa.string()),
    ]
)
"""One row for each answer of a captioner, as it was given: what is paid for is kept for good."""

WORKLIST = pa.schema(
    [
        *_IDENTITY,
        ("url", pa.string()),
        ("sha256", pa.string()),
        ("path", pa.string()),
        ("caption_raw", pa.string()),
    ]
)
"""One row for each image to be captioned elsewhere; ``path`` is that of the source it lies in."""

EMBEDDINGS = pa.schema(
    [
        ("uid", pa.string()),
        ("model", pa.string()),
        ("revision", pa.string()),
        ("caption_raw", pa.string()),
        ("caption_generated", pa.string()),
        ("image", pa.list_(pa.float32())),
        ("text", pa.list_(pa.float32())),
        ("text_generated", pa.list_(pa.float32())),
    ]
)
"""One row for each pair that an encoder read: the vectors, of length 1, of its image, of its raw
caption and of its generated one; null for what the encoder does not read, or there is not."""

SELECTION = pa.schema(
    [
        *_IDENTITY,
        ("action", pa.string()),
        ("reason", pa.string()),
        ("caption", pa.string()),
        ("caption_source", pa.string()),
        ("caption_generated", pa.string()),
        ("imbalance_before", pa.float64()),
        ("imbalance_after", pa.float64()),
        ("imbalance_basis", pa.string()),
        ("agreement", pa.float64()),
        ("information_bits", pa.float64()),
        ("output_shard", pa.int32()),
        ("output_key", pa.string()),
    ]
)
"""One row for each scored pair, in the order of its source."""

REJECTIONS = pa.schema(
    [*_IDENTITY, ("phase", pa.string()), ("reason", pa.string()), ("detail", pa.string())]
)

ACCOUNTING = pa.schema(
    [
        ("shard", pa.string()),
        ("source_successes", pa.int64()),
        ("pairs_read", pa.int64()),
        ("pairs_written", pa.int64()),
        ("pairs_rejected", pa.int64()),
        ("rejected", pa.map_(pa.string(), pa.int64())),
    ]
)
"""One row for each source shard; ``source_successes`` is null for a source without statistics."""


def facts_to_arrow(facts: Sequence[Facts]) -> list[pa.Array]:
    """Return the columns ``objects``, ``attributes`` and ``relations`` of FACTS."""
    return [
        _list_array([row.objects for row in facts], OBJECTS),
        _list_array([row.attributes for row in facts], ATTRIBUTES),
        _list_array([row.relations for row in facts], RELATIONS),
    ]


def facts_from_table(table: pa.Table) -> list[Facts]:
    """Return the facts of each row of a table that has the columns of FACTS; null means none."""
    columns = (
        _rows(table["objects"], str),
        _rows(table["attributes"], Attribute),
        _rows(table["relations"], Relation),
    )
    return [Facts(*row) for row in zip(*columns, strict=True)]


def facts_from_struct(column: pa.ChunkedArray) -> list[Facts | None]:
    """Return the facts in a column of structs that have the fields of FACTS, None for a null."""
    facts = facts_from_table(pa.Table.from_struct_array(column))
    valid = column.is_valid().to_pylist()
    return [row if there else None for row, there in zip(facts, valid, strict=True)]


def _list_array(rows: Sequence[Sequence[Any]], kind: pa.ListType) -> pa.ListArray:
    offsets = pa.array(accumulate(map(len, rows), initial=0), pa.int32())
    values = list(chain.from_iterable(rows))
    if pa.types.is_struct(kind.value_type):
        columns = zip(*values, strict=True) if values else [() for _ in kind.value_type]
        strings = [pa.array(column, pa.string()) for column in columns]
        flat = pa.StructArray.from_arrays(strings, fields=list(kind.value_type))
    else:
        flat = pa.array(values, kind.value_type)
    return pa.ListArray.from_arrays(offsets, flat, type=kind)


def _rows(column: pa.ChunkedArray, record: Callable[..., Any]) -> list[tuple[Any, ...]]:
    lists = column.combine_chunks()
    flat = lists.flatten()
    terms = flat.flatten() if pa.types.is_struct(flat.type) else [flat]
    values = [record(*row) for row in zip(*(t.to_pylist() for t in terms), strict=True)]
    ends = accumulate(pc.fill_null(pc.list_value_length(lists), 0).to_pylist(), initial=0)
    return [tuple(values[start:end]) for start, end in pairwise(ends)]


def with_other_fields(pairs: pa.Table, others: Mapping[str, Any]) -> pa.Table:
    """Append a source's own other fields; one with the name of ours gets ``source_``."""
    taken = {*SCORES.names, *pairs.column_names}
    for name, column in others.items():
        free = name
        while free in taken or (free != name and free in others):
            free = f"source_{free}"
        taken.add(free)
        pairs = pairs.append_column(free, column)
    return pairs


def rejections_to_table(rejections: Iterable[Rejection]) -> pa.Table:
    """Return ``rejections`` as a table with the schema REJECTIONS."""
    rows = [
        (r.uid, r.shard, r.key, r.phase.value, r.reason.value, r.detail or None) for r in rejections
    ]
    columns = zip(*rows, strict=True) if rows else [() for _ in REJECTIONS]
    arrays = [
        pa.array(map(_encodable, c), f.type) for c, f in zip(columns, REJECTIONS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=REJECTIONS)


def _encodable(text: str | None) -> str | None:
    """Replace what is no UTF-8: a tar may hold names of any bytes."""
    return text and text.encode("utf-8", "replace").decode()
