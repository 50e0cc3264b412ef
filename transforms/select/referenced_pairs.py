"""Scores, captions -> the pairs that have a reference, each beside its generated caption."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.captions import CaptionPart, CaptionSource, facts_of
from ...schemas.facts import FACTS, Facts, facts_from_table
from .fuse import WrittenCaption


@dataclass(frozen=True, slots=True)
class ReferencedPair:
    """A pair and the generated caption that is its reference."""

    uid: str
    caption: str | None
    sparse: bool
    imbalance: float
    raw_facts: Facts
    generated: str
    similarity_raw: float | None
    similarity_generated: float | None
    parts: list[CaptionPart]

    @property
    def raw(self) -> WrittenCaption:
        """The raw caption."""
        return WrittenCaption(self.caption or "", CaptionSource.RAW, self.raw_facts)

    @property
    def reference_facts(self) -> Facts:
        """The facts of the generated caption."""
        return facts_of(self.parts)


def usable_references(scores: pa.Table, captions: pa.Table) -> tuple[pa.Array, pa.Table]:
    """Return which rows of ``scores`` have a caption, and these captions in the same order.

    A caption that was refused is null, and is not used.
    """
    usable = captions.filter(captions["caption"].is_valid())
    at = pc.index_in(scores["uid"], usable["uid"].combine_chunks()).combine_chunks()
    return at.is_valid(), usable.take(at.drop_null())


def referenced_pairs(scores: pa.Table, captions: pa.Table) -> list[ReferencedPair]:
    """Return a record for each row of ``scores``, beside the same row of ``captions``."""
    rows = zip(
        *(scores[name].to_pylist() for name in ("uid", "caption", "sparse", "imbalance")),
        facts_from_table(scores),
        captions["caption"].to_pylist(),
        _similarities(captions, "similarity_raw"),
        _similarities(captions, "similarity_generated"),
        _parts(captions),
        strict=True,
    )
    return [ReferencedPair(*row) for row in rows]


def _similarities(captions: pa.Table, name: str) -> list[float | None]:
    """Return a column of similarities, all None if the table has none."""
    if name not in captions.column_names:
        return [None] * captions.num_rows
    values: list[float | None] = captions[name].to_pylist()
    return values


def _parts(captions: pa.Table) -> list[list[CaptionPart]]:
    lists = captions["parts"].combine_chunks()
    flat = pa.Table.from_struct_array(lists.flatten())
    facts = facts_from_table(flat.select(FACTS.names))
    parts = iter([CaptionPart(*part) for part in zip(flat["text"].to_pylist(), facts, strict=True)])
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_pylist()
    return [[next(parts) for _ in range(length)] for length in lengths]
