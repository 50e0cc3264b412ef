"""Unit of captions -> Unit with their parts, their facts and their information."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
import pyarrow as pa

from ..models.load_parser import load_parser
from ..schemas.facts import Facts
from ..schemas.tables import CAPTIONS, FACTS, facts_to_arrow
from ..schemas.unit import Unit
from .check_caption import check_caption
from .imbalance import unite
from .information import InformationModel
from .keep_statistics import load_statistics
from .parse_captions import parse_captions

if TYPE_CHECKING:
    from spacy.language import Language

_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")


def find_generated_facts(unit: Unit, nlp: "Language", model: InformationModel) -> Unit:
    """Check every caption of ``unit``, and fill in what its sentences state."""
    checked = [_check(c, f) for c, f in zip(*_columns(unit), strict=True)]
    sentences = [_sentences(caption) if fault is None else [] for caption, fault in checked]
    found = parse_captions(nlp, (sentence for row in sentences for sentence in row))
    facts = [[next(found) for _ in row] for row in sentences]
    united = [unite(*row) for row in facts]
    bits = [
        None if fault else model.bits(row).information_bits
        for row, (_, fault) in zip(united, checked, strict=True)
    ]
    columns = [
        pa.array([None if fault else caption for caption, fault in checked], pa.string()),
        pa.array([fault for _, fault in checked], pa.string()),
        *facts_to_arrow(united),
        pa.array(bits, pa.float64()),
        _parts(sentences, facts),
    ]
    names = ["caption", "fault", *FACTS.names, "information_bits", "parts"]
    return unit.with_columns(names, columns)


def _columns(unit: Unit) -> tuple[list[str | None], list[str | None]]:
    return unit.table["caption"].to_pylist(), unit.table["fault"].to_pylist()


def _check(caption: str | None, fault: str | None) -> tuple[str, str | None]:
    if caption is None:
        return "", fault
    text, found = check_caption(caption)
    return text, found and found.value


def _sentences(caption: str) -> list[str]:
    return [part for part in _SENTENCE_END.split(caption) if part]


def _parts(sentences: list[list[str]], facts: list[list[Facts]]) -> pa.Array:
    offsets = [0]
    for row in sentences:
        offsets.append(offsets[-1] + len(row))
    texts = pa.array([text for row in sentences for text in row], pa.string())
    columns = facts_to_arrow([fact for row in facts for fact in row])
    kind = CAPTIONS.field("parts").type
    parts = pa.StructArray.from_arrays([texts, *columns], fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), parts, type=kind)


class _Find(beam.DoFn):
    def __init__(self, parser: str | None, statistics: str) -> None:
        self._parser = parser
        self._statistics = statistics

    def setup(self) -> None:
        self._nlp = load_parser(self._parser)
        self._model = InformationModel(load_statistics(self._statistics))

    def process(self, unit: Unit) -> Iterator[Unit]:
        yield find_generated_facts(unit, self._nlp, self._model)


@dataclass
class FindGeneratedFacts(beam.PTransform):
    """Unit of captions -> Unit with facts, by the parser and the statistics of the run."""

    parser: str | None
    statistics: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Find(self.parser, self.statistics))
