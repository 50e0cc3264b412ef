"""Unit of scores -> Unit with the captions that would be written, and how much they leave out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.captions import CaptionSource
from ...schemas.facts import FACTS, Facts
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import with_nulls
from ...schemas.unit import Unit
from ...storage import files
from ..enrich.reference_sample import ReferenceSample, is_sampled
from ..facts.match_facts import shared_facts
from ..information.imbalance import Basis, Judgement, judge_by_reference
from ..information.information import InformationModel
from ..information.keep_statistics import load_model
from .choose_caption import EnrichmentOptions, choose_caption, is_withheld
from .referenced_pairs import ReferencedPair, referenced_pairs, usable_references

PRESENCE = tuple(f"{kind}_{part}" for kind in FACTS.names for part in ("known", "named"))
"""For each kind of fact, the number in the reference and how many of them the raw caption names."""

JUDGEMENTS = pa.schema(
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
"""The columns that judging adds to pairs, or replaces: those of the caption that is written."""

_OF_RAW = ("raw_bits", "raw_object_share", "sampled")


def judge_pairs(
    unit: Unit,
    captions: pa.Table | None,
    model: InformationModel,
    options: EnrichmentOptions,
    sample: ReferenceSample | None = None,
) -> Unit:
    """Judge every pair of ``unit``, by its generated caption if it has one in ``captions``.

    The others are judged by the full level, or by the level that was measured in ``sample``. The
    raw captions become the column ``caption_raw``.
    """
    sample = sample or ReferenceSample()
    unit = _with_level(unit, sample.level)
    table = _judge_by_level(unit.table, sample)
    if captions is not None:
        at = pc.index_in(unit.table["uid"], captions["uid"].combine_chunks())
        table = _with_column(table, "fault", captions["fault"].take(at))
        table = _with_column(table, "similarity", captions["similarity_raw"].take(at))
        table = _judge_by_references(unit.table, table, captions, model, options)
    unit = unit.with_columns(["caption_raw"], [unit.table["caption"]])
    return unit.with_columns(JUDGEMENTS.names, table.columns)


def _with_level(unit: Unit, level: float | None) -> Unit:
    """Return the unit with the imbalances of its captions at another full level, in bits."""
    if level is None:
        return unit
    bits = unit.table["information_bits"]
    left_out = pc.subtract(1.0, pc.divide(bits, level)) if level > 0 else pc.multiply(bits, 0.0)
    imbalance = pc.if_else(bits.is_valid(), pc.max_element_wise(left_out, 0.0), None)
    return unit.with_columns(["imbalance"], [imbalance])


def _judge_by_level(scores: pa.Table, sample: ReferenceSample) -> pa.Table:
    rows = scores.num_rows
    columns = {name: scores[name] for name in ("caption", "information_bits", "object_share")}
    columns["caption_source"] = pa.array([CaptionSource.RAW.value] * rows)
    columns["imbalance_before"] = columns["imbalance_after"] = scores["imbalance"]
    columns["imbalance_basis"] = pa.array([Basis.CORPUS.value] * rows)
    columns["raw_bits"] = scores["information_bits"]
    columns["raw_object_share"] = scores["object_share"]
    columns["sampled"] = pa.array(is_sampled(scores, sample.last))
    return with_nulls(columns, JUDGEMENTS)


def _with_column(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), name, column)


def _judge_by_references(
    scores: pa.Table,
    judgements: pa.Table,
    captions: pa.Table,
    model: InformationModel,
    options: EnrichmentOptions,
) -> pa.Table:
    """Replace the judgements of the pairs that have a usable generated caption."""
    has_reference, references = usable_references(scores, captions)
    pairs = referenced_pairs(scores.filter(has_reference), references)
    rows = [_judge_pair(pair, model, options) for pair in pairs]
    replaced = pa.Table.from_pylist(rows, schema=JUDGEMENTS)
    columns = [
        judgements[name]
        if name in _OF_RAW
        else pc.replace_with_mask(
            judgements[name].combine_chunks(), has_reference, replaced[name].combine_chunks()
        )
        for name in JUDGEMENTS.names
    ]
    return pa.table(columns, schema=JUDGEMENTS)


def _judge_pair(
    pair: ReferencedPair, model: InformationModel, options: EnrichmentOptions
) -> dict[str, Any]:
    """Return a row of JUDGEMENTS, without the columns of the raw caption."""
    raw, reference = pair.raw, pair.reference_facts
    before = judge_by_reference(raw.facts, raw=raw.facts, reference=reference, model=model)
    similarity = pair.similarity_generated
    if is_withheld(agreement=before.agreement, similarity=similarity, options=options):
        caption = raw
        before = after = Judgement(pair.imbalance, None, Basis.CORPUS)
    else:
        caption = choose_caption(pair, options)
        after = judge_by_reference(caption.facts, raw=raw.facts, reference=reference, model=model)
    bits = model.bits(caption.facts)
    is_raw = caption.source is CaptionSource.RAW
    return {
        "caption": caption.text,
        "caption_source": caption.source.value,
        "caption_generated": pair.generated,
        "imbalance_before": before.imbalance,
        "imbalance_after": after.imbalance,
        "imbalance_basis": before.basis.value,
        "agreement": before.agreement,
        "information_bits": bits.information_bits,
        "object_share": bits.object_share,
        "similarity": pair.similarity_raw if is_raw else pair.similarity_generated,
        "fault": None,
        **_presence(raw.facts, reference),
    }


def _presence(raw: Facts, reference: Facts) -> dict[str, int]:
    """Return the counts of PRESENCE."""
    named = shared_facts(raw, reference).of_second
    counts = (len(getattr(facts, kind)) for kind in FACTS.names for facts in (reference, named))
    return dict(zip(PRESENCE, counts, strict=True))


class _Judge(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, options: EnrichmentOptions) -> None:
        self._run_dir = run_dir
        self._options = options

    def setup(self) -> None:
        self._model = load_model(self._run_dir.statistics)

    def process(self, unit: Unit, sample: ReferenceSample | None) -> Iterator[Unit]:
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
