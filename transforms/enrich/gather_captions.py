"""Unit of pairs to caption -> Unit of captions: the answers, checked, or their faults."""

from dataclasses import asdict, dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.fault import Fault
from ...schemas.run_directory import RunDirectory
from ...schemas.tables import CAPTIONS, with_nulls
from ...schemas.unit import Unit
from ..captioners.captioner import CaptionerId
from .check_caption import check_caption
from .keep_answers import AnswerStore


def gather_captions(unit: Unit, answers: pa.Table, captioner_id: CaptionerId) -> Unit:
    """Return a row for every pair of ``unit``, with a fault if its answer is missing or unusable.

    The facts, the parts, the information and the similarities are still null.
    """
    at = pc.index_in(unit.table["uid"], answers["uid"].combine_chunks())
    columns = (answers.take(at)[name].to_pylist() for name in ("answer", "is_cut", "fault"))
    checked = [
        check_answer(answer, is_cut, fault, prompt=captioner_id.prompt)
        for answer, is_cut, fault in zip(*columns, strict=True)
    ]
    known = {
        **{name: unit.table[name] for name in ("uid", "shard", "key")},
        **{
            name: pa.array([value] * len(checked), pa.string())
            for name, value in asdict(captioner_id).items()
        },
        "caption": pa.array([caption for caption, _ in checked], pa.string()),
        "fault": pa.array([fault for _, fault in checked], pa.string()),
    }
    return Unit(unit.source, with_nulls(known, CAPTIONS), unit.tally)


def check_answer(
    answer: str | None, is_cut: bool | None, fault: str | None, *, prompt: str
) -> tuple[str | None, str | None]:
    """Return the caption in an answer that was kept, or None and the name of the fault."""
    if answer is None:
        return None, fault or Fault.MODEL_FAILED.value
    caption, reason = check_caption(answer, prompt=prompt, is_cut=is_cut)
    return (caption, None) if reason is None else (None, reason.value)


def _gather(unit: Unit, run_dir: RunDirectory, captioner_id: CaptionerId) -> Unit:
    answers = AnswerStore(run_dir, unit.source.name).load(captioner_id)
    return gather_captions(unit, answers, captioner_id)


@dataclass
class GatherCaptions(beam.PTransform):
    """Unit of pairs -> Unit of captions, from the answers that the run keeps."""

    run_dir: RunDirectory
    captioner_id: CaptionerId

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_gather, self.run_dir, self.captioner_id)
