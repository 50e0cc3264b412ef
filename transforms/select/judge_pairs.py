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
from ...storage import files, parquet
from ..enrich.reference_sample import NONE, is_sampled
from ..facts.match_facts import shared_facts
from ..information.imbalance import (
    Capture,
    Judgement,
    judge_alone,
    judge_by_reference,
    left_out,
    measure_overlap,
    shipped_capture,
    united_bits,
)
from ..information.information import InformationModel
from ..information.keep_statistics import load_model
from .choose_caption import EnrichmentOptions, choose_caption, is_withheld
from .fuse import WrittenCaption
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
        ("image_bits", pa.float64()),
        ("coverage", pa.float64()),
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
    last: int = NONE,
) -> Unit:
    """Judge every pair of ``unit``, by its generated caption if it has one in ``captions``.

    The images of the others are taken to hold the usual information. ``last`` is the last hash of
    the random sample. The raw captions become the column ``caption_raw``.
    """
    table = _judge_alone(unit.table, last, shipped_capture())
    if captions is not None:
        at = pc.index_in(unit.table["uid"], captions["uid"].combine_chunks())
        table = _with_column(table, "fault", captions["fault"].take(at))
        table = _with_column(table, "similarity", captions["similarity_raw"].take(at))
        table = _judge_by_references(unit.table, table, captions, model, options)
    unit = unit.with_columns(["caption_raw"], [unit.table["caption"]])
    return unit.with_columns(JUDGEMENTS.names, table.columns)


def _judge_alone(scores: pa.Table, last: int, capture: Capture) -> pa.Table:
    columns = {name: scores[name] for name in ("caption", "information_bits", "object_share")}
    columns["caption_source"] = pa.array([CaptionSource.RAW.value] * scores.num_rows)
    bits = scores["information_bits"]
    image = pc.max_element_wise(bits, capture.usual_bits, skip_nulls=False)
    columns["image_bits"] = image
    imbalance = pc.subtract(1.0, pc.divide(bits, image))
    columns["imbalance_before"] = columns["imbalance_after"] = imbalance
    columns["raw_bits"] = bits
    columns["raw_object_share"] = scores["object_share"]
    columns["sampled"] = pa.array(is_sampled(scores, last))
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
    raw, reference, capture = pair.raw, pair.reference_facts, shipped_capture()
    judged = judge_by_reference(measure_overlap(raw.facts, reference, model), capture)
    if is_withheld(
        agreement=judged.agreement, similarity=pair.similarity_generated, options=options
    ):
        caption = raw
        judged = judge_alone(united_bits([raw.facts], model), capture)
    else:
        caption = choose_caption(pair, options)
    is_raw = caption.source is CaptionSource.RAW
    return {
        "caption": caption.text,
        "caption_source": caption.source.value,
        "caption_generated": pair.generated,
        **_measures(raw, caption, judged, model),
        "similarity": pair.similarity_raw if is_raw else pair.similarity_generated,
        "fault": None,
        **_presence(raw.facts, reference),
    }


def _measures(
    raw: WrittenCaption, written: WrittenCaption, judged: Judgement, model: InformationModel
) -> dict[str, float | None]:
    """Return what the raw and the written caption leave out of the image.

    What a fused caption says again in other words counts once.
    """
    before = model.bits(raw.facts).information_bits
    parts = [written.facts]
    if written.source is CaptionSource.FUSED:
        parts = [raw.facts, written.facts.difference(raw.facts)]
    after = united_bits(parts, model)
    return {
        "imbalance_before": left_out(before, known_bits=judged.image_bits),
        "imbalance_after": left_out(after, known_bits=judged.image_bits),
        "image_bits": judged.image_bits,
        "coverage": judged.coverage,
        "agreement": judged.agreement,
        "information_bits": after,
        "object_share": model.bits(written.facts).object_share,
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

    def process(self, unit: Unit, last: int | None) -> Iterator[Unit]:
        path = self._run_dir.table(RunTable.CAPTIONS, unit.source.name)
        captions = parquet.read_table(path) if files.exists(path) else None
        sample = NONE if last is None else last
        yield judge_pairs(unit, captions, self._model, self._options, sample)


@dataclass
class JudgePairs(beam.PTransform):
    """Unit of scores -> Unit of judged pairs, with the captions that the run has for them."""

    run_dir: RunDirectory
    options: EnrichmentOptions
    last: beam.pvalue.AsSingleton | None = None
    """The last hash of the random sample, a side input."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Judge(self.run_dir, self.options), self.last)
