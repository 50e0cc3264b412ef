"""The meaning of every column, and the page that lists them.

python -m evenpair.schemas.columns > docs/tables.md
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

import pyarrow as pa

from .run_tables import RunEntry, RunTable
from .shard_tables import ADDED, FIRST
from .statistics import Kind
from .tables import SCORES, SELECTION, WORKLIST

MEANINGS: Mapping[str, str] = {
    "action": "`keep` or `reject`",
    "agreement": "share of the raw caption's bits that the reference states, too; null where "
    "nothing can be compared",
    "answer": "text of the captioner, unchanged; null if it has a fault",
    "attribute_bits": "information of the attributes, in bits, weighted by visibility",
    "attributes": "attributes of objects",
    "caption": "caption",
    "caption_generated": "generated caption; null if there is none",
    "caption_raw": "caption of the source",
    "caption_source": "captions that the written one is made from: `raw`, `generated` or `fused`",
    "coverage": "share of the reference's bits that the raw caption states; null where nothing can "
    "be compared",
    "count": "number of captions that have the event",
    "detail": "more about the reason, such as the fields that the sample has; or null",
    "error_message": "always null: only downloaded pairs are written",
    "fault": "reason for which there is no usable generated caption; null if there is one",
    "height": "height of the image in pixels, as the source says",
    "image": "embedding of the image, of length 1; null if the encoder does not read images",
    "image_col": "column of a table with the images, empty where it is found by its type",
    "imbalance": "share of a full caption's information that the caption leaves out, 0 to 1; null "
    "for another language than the parser's",
    "image_bits": "information of the image in bits, estimated from what raw caption and reference "
    "share; the usual value without a reference",
    "imbalance_after": "share of `image_bits` that the written caption leaves out, 0 to 1",
    "imbalance_before": "share of `image_bits` that the raw caption leaves out, 0 to 1",
    "information_bits": "information of all facts of the caption, in bits, each weighted by its "
    "visibility",
    "is_cut": "whether the captioner stopped at its limit of tokens; null if unknown",
    "key": "key of the sample in its source",
    "kind": f"kind of event: {', '.join(f'`{kind}`' for kind in Kind)}",
    "language": "code of the caption's language; the parser's (`en`) if in doubt",
    "model": "name of the captioner, or of the file of external captions",
    "name": "path relative to the folder that all sources share, without extension",
    "number": "position of the source in the run, from 0",
    "object_bits": "information of the objects, in bits, weighted by visibility",
    "object_share": "`object_bits` / `information_bits`; null if there is no information",
    "objects": "objects, singular and in lower case",
    "output_key": "key of the sample in its output shard; null for rejected pairs",
    "output_shard": "number of the output shard; null for rejected pairs",
    "pairs_read": "pairs that the source holds",
    "pairs_rejected": "pairs of the source that were rejected, for any reason",
    "pairs_written": "pairs of the source that were written",
    "parts": "sentences and clauses of the caption, each with the facts that it adds; the text of "
    "a clause begins with the comma or space that joins it to the part before",
    "path": "path of the source shard",
    "phase": "phase that rejected the pair",
    "prompt": "prompt of the captioner",
    "reason": "reason for rejection; null for kept pairs",
    "rejected": "rejected pairs by reason",
    "relation_bits": "information of the relations, in bits, weighted by visibility",
    "relations": "relations between objects",
    "revision": "revision of the model",
    "sha256": "SHA-256 of the image, as the source says, in hexadecimal digits",
    "shard": "name of the source shard",
    "similarity_generated": "cosine similarity of image and generated caption; null without "
    "`--similarity-model`",
    "similarity_raw": "cosine similarity of image and raw caption; null without "
    "`--similarity-model`",
    "source_successes": "pairs that were downloaded, by the source's own statistics; null if it "
    "has none",
    "sparse": "whether `visible_bits` are less than `--enrich-below` of the full level",
    "start": "position of the first pair of the piece among the kept pairs of its source",
    "status": "always `success`",
    "stop": "position after the last pair of the piece",
    "terms": "terms of the event, such as `dog`, `brown` of an attribute",
    "text": "embedding of the raw caption, of length 1; null if the encoder does not read texts",
    "text_generated": "embedding of the generated caption, of length 1; null if there is none",
    "uid": "identity of the pair: 32 hexadecimal digits",
    "url": "address that the image was downloaded from",
    "visible_bits": "information of the part of the caption that a text encoder of 77 tokens "
    "reads, in bits",
    "width": "width of the image in pixels, as the source says",
    "words": "number of words of the caption",
}
"""The meaning of each column, in all tables but those that OWN_MEANINGS names."""

OWN_MEANINGS: Mapping[tuple[str, str], str] = {
    ("captions", "caption"): "generated caption, checked; null if it has a fault",
    ("scores", "caption"): "caption of the source",
    ("selection", "caption"): "caption to write",
    ("selection", "information_bits"): "information of the caption to write, in bits",
    ("shards", "caption"): "caption that was written",
    ("shards", "information_bits"): "information of the written caption, in bits",
    ("shards", "key"): "key of the sample in this shard",
    ("embeddings", "model"): "name of the encoder",
}
"""The meanings, by table and column, that replace those of MEANINGS."""

_INTRODUCTION = """# Tables

The Parquet files that a run leaves, and what their columns mean. SOURCE is the name of a source
shard, UNIT the same or the number of an output shard. In `scores` and `shards` the source's own
fields have columns too, under their own names (`source_` comes before one that evenpair uses).
Where a source has more than 256 of them, the rarer ones of a pair are one JSON object in the column
`other_fields`. Where an image has several captions, `captions_raw` lists them all. A column with
values of another type than is written here has null for these, and is kept as `source_NAME`. This
page is made from the schemas by `python -m evenpair.schemas.columns > docs/tables.md`.
"""


def tables() -> Iterator[tuple[str, str, str, pa.Schema]]:
    """Yield name, paths, description of a row and schema of every table with a fixed schema."""
    with_schema = [table for table in RunTable if table.schema is not None]
    for schema, group in groupby(with_schema, lambda table: table.schema):
        same = list(group)
        paths = ", ".join(f"{table.folder}/SOURCE.parquet" for table in same)
        yield same[0].folder.partition("/")[0], paths, same[0].value.rows, schema
    for entry in RunEntry:
        if entry.schema is not None:
            path = entry.path if "." in entry.path else f"{entry.path}/PHASE-UNIT.parquet"
            yield entry.path, path, entry.value.rows, entry.schema
    shards = pa.schema([_shard_field(name) for name in (*FIRST, *ADDED)])
    yield "shards", f"{RunEntry.SHARDS.path}/NUMBER.parquet", "written pair", shards
    yield "worklist", "the file of `enrich --worklist`", "image to be captioned", WORKLIST


def _shard_field(name: str) -> pa.Field:
    for schema in (SELECTION, SCORES):
        if name in schema.names:
            return schema.field(name)
    return pa.field(name, pa.string())


def meaning(table: str, column: str) -> str:
    """Return the meaning of a column of a table. Raises KeyError if there is none."""
    return OWN_MEANINGS.get((table, column)) or MEANINGS[column]


def page() -> Iterator[str]:
    """Yield the lines of ``docs/tables.md``."""
    yield _INTRODUCTION
    for name, path, rows, schema in tables():
        yield f"## {path}\n\nOne row for each {rows}.\n"
        yield "| column | type | meaning |\n|---|---|---|"
        for field in schema:
            yield f"| {field.name} | {_type_name(field.type)} | {meaning(name, field.name)} |"
        yield ""


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list<{_type_name(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{f.name}: {_type_name(f.type)}' for f in kind)}>"
    return str(kind)


if __name__ == "__main__":
    print("\n".join(page()).rstrip())
