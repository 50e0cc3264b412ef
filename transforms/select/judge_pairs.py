"""Unit of scores -> Unit of the captions that would be written, and what they leave out."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.captions import CaptionPart, CaptionSource
from ...schemas.facts import Facts
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import FACTS, facts_from_table
from ...schemas.unit import Unit
from ...storage import files
from ..enrich.reference_sample import Sample, is_sampled
from ..facts.match_facts import shared_facts
from ..information.imbalance import Basis, Judgement, judge_by_reference, unite
from ..information.information import InformationModel
from ..information.keep_statistics import load_model
from .fuse import Mode, Written, append, fuse, replace


@dataclass(frozen=True, slots=True)
class EnrichmentOptions:
    """What is made of generated captions, and when they may be used."""

    mode: Mode = Mode.FUSE
    max_words: int = 60
    mix_probability: float = 0.5
    min_agreement: float | None = None
    min_similarity: float | None = None
    seed: int = 0


PRESENCE = tuple(f"{kind}_{part}" for kind in FACTS.names for part in ("known", "named"))
"""How many facts of each kind the reference states, and how many of these the raw caption does."""

JUDGED = pa.schema(
    [
        ("caption", pa.string()),
        ("caption_source", pa.string()),
        ("caption_generated", pa.string()),
        ("imbalance_before", pa.float64()),
        ("imbalance_after", pa.float64()),
        ("imbalance_basis", pa.string()),
        ("agreement", pa.float64()),
        ("information_bits", pa.float64()),
        ("object_share", pa.float64()),
        ("similarity", pa.float64()),
        ("fault", pa.string()),
        *((name, pa.int32()) for name in PRESENCE),
        ("raw_bits", pa.float64()),
        ("raw_object_share", pa.float64()),
        ("sampled", pa.bool_()),
    ]
)
"""What judging adds to a pair; the columns stand for the caption that would be written."""


_OF_RAW = ("raw_bits", "raw_object_share", "sampled")


def judge_pairs(
    unit: Unit,
    captions: pa.Table | None,
    model: InformationModel,
    options: EnrichmentOptions,
    sample: Sample | None = None,
) -> Unit:
    """Judge every pair of ``unit``; those in ``captions`` by what the captioner says of them.

    The others are judged by the level that was measured in ``sample``, if one was.
    """
    sample = sample or Sample()
    unit = _with_level(unit, sample.level)
    judged = {name: unit.table[name] for name in ("caption", "information_bits", "object_share")}
    rows = unit.table.num_rows
    judged["caption_source"] = pa.array([CaptionSource.RAW.value] * rows)
    judged["imbalance_before"] = judged["imbalance_after"] = unit.table["imbalance"]
    judged["raw_bits"] = unit.table["information_bits"]
    judged["raw_object_share"] = unit.table["object_share"]
    judged["sampled"] = pa.array(is_sampled(unit.table, sample.last))
    judged["imbalance_basis"] = pa.array([Basis.CORPUS.value] * rows)
    columns = [judged.get(f.name, pa.nulls(rows, f.type)) for f in JUDGED]
    table = pa.table(columns, schema=JUDGED)
    if captions is not None:
        for name, known in (("fault", "fault"), ("similarity", "similarity_raw")):
            at = table.schema.get_field_index(name)
            table = table.set_column(at, name, _of_captions(unit, captions, known))
        table = _with_references(unit, table, captions, model, options)
    kept = unit.with_columns(["caption_raw"], [unit.table["caption"]])
    return kept.with_columns(JUDGED.names, table.columns)


def _with_level(unit: Unit, level: float | None) -> Unit:
    """Return the unit with the imbalance that its captions have by another full level."""
    if level is None:
        return unit
    said = unit.table["information_bits"]
    left = pc.subtract(1.0, pc.divide(said, level)) if level > 0 else pc.multiply(said, 0.0)
    imbalance = pc.if_else(said.is_valid(), pc.max_element_wise(left, 0.0), None)
    return unit.with_columns(["imbalance"], [imbalance])


def _of_captions(unit: Unit, captions: pa.Table, name: str) -> pa.Array:
    """Return what a column of ``captions`` says of each pair, null where there is no row of it."""
    at = pc.index_in(unit.table["uid"], captions["uid"].combine_chunks())
    return captions[name].combine_chunks().take(at.combine_chunks())


def _with_references(
    unit: Unit,
    judged: pa.Table,
    captions: pa.Table,
    model: InformationModel,
    options: EnrichmentOptions,
) -> pa.Table:
    """Replace the rows of the pairs that have a usable generated caption."""
    usable = captions.filter(pc.is_valid(captions["caption"]))
    if usable.num_rows == 0:
        return judged
    at = pc.index_in(unit.table["uid"], usable["uid"].combine_chunks())
    index = [i for i in at.to_pylist() if i is not None]
    mask = at.is_valid()
    pairs = unit.table.filter(mask)
    references = usable.take(pa.array(index, pa.int64()))
    rows = [_judge_row(reference, model, options) for reference in _references(pairs, references)]
    replaced = pa.Table.from_pylist(rows, schema=JUDGED)
    columns = [
        judged[field.name]
        if field.name in _OF_RAW
        else pc.replace_with_mask(
            judged[field.name].combine_chunks(),
            mask.combine_chunks(),
            replaced[field.name].combine_chunks(),
        )
        for field in JUDGED
    ]
    return pa.table(columns, schema=JUDGED)


@dataclass(frozen=True, slots=True)
class _Reference:
    """One pair beside what the captioner says of it."""

    pair: dict[str, Any]
    raw_facts: Facts
    generated: str
    similarity_raw: float | None
    similarity_generated: float | None
    parts: list[CaptionPart]

    @property
    def facts(self) -> Facts:
        return unite(*(part.facts for part in self.parts))

    @property
    def raw(self) -> Written:
        return Written(self.pair["caption"] or "", CaptionSource.RAW, self.raw_facts)


_PAIR_COLUMNS = ["uid", "caption", "sparse", "imbalance"]


def _references(pairs: pa.Table, captions: pa.Table) -> list[_Reference]:
    rows = zip(
        pairs.select(_PAIR_COLUMNS).to_pylist(),
        facts_from_table(pairs),
        captions["caption"].to_pylist(),
        _similarities(captions, "similarity_raw"),
        _similarities(captions, "similarity_generated"),
        _parts(captions),
        strict=True,
    )
    return [_Reference(*row) for row in rows]


def _similarities(captions: pa.Table, name: str) -> list[float | None]:
    """Return a similarity of each caption, None where no model for it was asked for."""
    if name not in captions.column_names:
        return [None] * captions.num_rows
    values: list[float | None] = captions[name].to_pylist()
    return values


def _parts(captions: pa.Table) -> list[list[CaptionPart]]:
    lists = captions["parts"].combine_chunks()
    flat = pa.Table.from_struct_array(lists.flatten())
    facts = facts_from_table(flat.select(FACTS.names))
    found = iter(
        [
            CaptionPart(text, fact)
            for text, fact in zip(flat["text"].to_pylist(), facts, strict=True)
        ]
    )
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_pylist()
    return [[next(found) for _ in range(length)] for length in lengths]


def _judge_row(
    reference: _Reference, model: InformationModel, options: EnrichmentOptions
) -> dict[str, Any]:
    raw = reference.raw
    before = judge_by_reference(raw.facts, raw.facts, reference.facts, model)
    presence = _presence(raw.facts, reference.facts)
    if _is_withheld(before, reference.similarity_generated, options):
        imbalance = reference.pair["imbalance"]
        before = after = Judgement(imbalance, None, Basis.CORPUS)
        written = raw
    else:
        written = _choose(reference, options)
        after = judge_by_reference(written.facts, raw.facts, reference.facts, model)
    bits = model.bits(written.facts)
    return {
        "caption": written.text,
        "caption_source": written.source.value,
        "caption_generated": reference.generated,
        "imbalance_before": before.imbalance,
        "imbalance_after": after.imbalance,
        "imbalance_basis": before.basis.value,
        "agreement": before.agreement,
        "information_bits": bits.information_bits,
        "object_share": bits.object_share,
        "similarity": reference.similarity_raw
        if written.source is CaptionSource.RAW
        else reference.similarity_generated,
        "fault": None,
        **presence,
    }


def _presence(raw: Facts, reference: Facts) -> dict[str, int]:
    """Return the counts of PRESENCE."""
    named = shared_facts(raw, reference).of_second
    known = (getattr(reference, kind) for kind in FACTS.names)
    both = zip(known, (getattr(named, kind) for kind in FACTS.names), strict=True)
    return dict(zip(PRESENCE, (len(facts) for pair in both for facts in pair), strict=True))


def _is_withheld(
    judgement: Judgement, similarity: float | None, options: EnrichmentOptions
) -> bool:
    """Return whether the generated caption fits the raw one, or the image, too little."""
    return _is_below(judgement.agreement, options.min_agreement) or _is_below(
        similarity, options.min_similarity
    )


def _is_below(value: float | None, threshold: float | None) -> bool:
    return threshold is not None and value is not None and value < threshold


def _choose(reference: _Reference, options: EnrichmentOptions) -> Written:
    """Return the caption to write; pairs that are not sparse keep theirs."""
    raw, parts = reference.raw, reference.parts
    if not reference.pair["sparse"]:
        return raw
    if options.mode is Mode.REPLACE:
        return replace(parts)
    if options.mode is Mode.APPEND:
        return append(raw.text, raw.facts, parts)
    uid = reference.pair["uid"]
    if options.mode is Mode.MIX and share_of(uid, options.seed) >= options.mix_probability:
        return raw
    return fuse(raw.text, raw.facts, parts, options.max_words)


def share_of(uid: str, seed: int) -> float:
    """Return a number in [0, 1) that belongs to ``uid`` and ``seed``, however work is split."""
    digest = hashlib.blake2b(f"{seed}:{uid}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class _Judge(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, options: EnrichmentOptions) -> None:
        self._run_dir = run_dir
        self._options = options

    def setup(self) -> None:
        self._model = load_model(self._run_dir.statistics)

    def process(self, unit: Unit, sample: Sample | None) -> Iterator[Unit]:
        path = self._run_dir.table(RunTable.CAPTIONS, unit.source.name)
        captions = files.read_table(path) if files.exists(path) else None
        yield judge_pairs(unit, captions, self._model, self._options, sample)


@dataclass
class JudgePairs(beam.PTransform):
    """Unit of scores -> Unit of judged pairs, with the captions that the run has for them."""

    run_dir: RunDirectory
    options: EnrichmentOptions
    sample: beam.pvalue.AsSingleton | None = None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Judge(self.run_dir, self.options), self.sample)
