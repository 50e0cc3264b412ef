"""Unit of pairs to caption -> Unit of captions: what was answered, checked; or the fault."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.fault import Fault
from ...schemas.run_directory import RunDirectory
from ...schemas.tables import CAPTIONS
from ...schemas.unit import Unit
from ..captioners.captioner import Asked
from .check_caption import check_caption
from .keep_answers import AnswerStore


def gather_captions(unit: Unit, answers: pa.Table, asked: Asked) -> Unit:
    """Return a row for every pair of ``unit``; what was not answered, or badly, has a fault.

    Only the facts, the parts, the information and the similarities are still null.
    """
    at = pc.index_in(unit.table["uid"], answers["uid"].combine_chunks())
    columns = (answers.take(at)[name].to_pylist() for name in ("answer", "is_cut", "fault"))
    checked = [
        _check(answer, is_cut, fault, asked.prompt)
        for answer, is_cut, fault in zip(*columns, strict=True)
    ]
    rows = len(checked)
    known = {
        **{name: unit.table[name] for name in ("uid", "shard", "key")},
        **{name: pa.array([getattr(asked, name)] * rows) for name in ("model", "revision")},
        "prompt": pa.array([asked.prompt] * rows, pa.string()),
        "caption": pa.array([caption for caption, _ in checked], pa.string()),
        "fault": pa.array([fault for _, fault in checked], pa.string()),
    }
    arrays = [known.get(field.name, pa.nulls(rows, field.type)) for field in CAPTIONS]
    return Unit(unit.source, pa.table(arrays, schema=CAPTIONS), unit.tally)


def _check(
    answer: str | None, is_cut: bool | None, fault: str | None, prompt: str
) -> tuple[str | None, str | None]:
    if answer is None:
        return None, fault or Fault.MODEL_FAILED.value
    caption, found = check_caption(answer, prompt=prompt, is_cut=is_cut)
    return (caption, None) if found is None else (None, found.value)


def _gather(unit: Unit, run_dir: RunDirectory, asked: Asked) -> Unit:
    return gather_captions(unit, AnswerStore(run_dir, unit.source.name).load(asked), asked)


@dataclass
class GatherCaptions(beam.PTransform):
    """Unit of pairs -> Unit of captions, from the answers that the run keeps."""

    run_dir: RunDirectory
    asked: Asked

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_gather, self.run_dir, self.asked)
