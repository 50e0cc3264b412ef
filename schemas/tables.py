"""The Arrow schemas of a run's tables; ``columns.py`` has the meaning of each column."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from .facts import FACTS
from .rejection import Rejection

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
"""The columns that a source itself provides, before captions are parsed."""

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
"""One row for each pair; the source's other fields follow these columns."""

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
        ("parts", pa.list_(pa.struct([("text", pa.string()), *FACTS]))),
    ]
)
"""One row for each captioned pair."""

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
"""One row for each answer of a captioner, unchanged and kept for good: answers are expensive."""

WORKLIST = pa.schema(
    [
        *_IDENTITY,
        ("url", pa.string()),
        ("sha256", pa.string()),
        ("path", pa.string()),
        ("caption_raw", pa.string()),
    ]
)
"""One row for each image to be captioned elsewhere."""

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
"""One row for each pair that an encoder has embedded."""

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
        ("image_bits", pa.float64()),
        ("coverage", pa.float64()),
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
"""One row for each rejected pair."""

PLAN = pa.schema(
    [
        ("output_shard", pa.int32()),
        ("shard", pa.string()),
        ("start", pa.int64()),
        ("stop", pa.int64()),
    ]
)
"""One row for each piece of an output shard: a run of kept pairs of one source."""

SOURCES = pa.schema(
    [
        ("number", pa.int32()),
        ("name", pa.string()),
        ("path", pa.string()),
        ("image_col", pa.string()),
    ]
)
"""One row for each source shard of the run."""

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
"""One row for each source shard."""


def with_nulls(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """Return ``columns``, by name, as a table with ``schema``; missing columns are null."""
    rows = len(next(iter(columns.values())))
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema]
    return pa.table(arrays, schema=schema)


def rejections_to_table(rejections: Iterable[Rejection]) -> pa.Table:
    """Return ``rejections`` as a table with the schema REJECTIONS, their texts as valid UTF-8."""
    rows = [
        (r.uid, r.shard, r.key, r.phase.value, r.reason.value, r.detail or None) for r in rejections
    ]
    columns = zip(*rows, strict=True) if rows else [() for _ in REJECTIONS]
    arrays = [
        pa.array([text and encodable(text) for text in column], field.type)
        for column, field in zip(columns, REJECTIONS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=REJECTIONS)


def encodable(text: str) -> str:
    """Return ``text`` with a question mark for each lone surrogate, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode()
