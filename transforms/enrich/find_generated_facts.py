"""Unit of captions -> Unit with their parts, their facts and their information."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING

import apache_beam as beam
import pyarrow as pa

from ...schemas.captions import CaptionPart
from ...schemas.facts import Facts
from ...schemas.tables import CAPTIONS, FACTS, facts_to_arrow
from ...schemas.unit import Unit
from ..facts.parse_captions import parse_captions
from ..facts.shared_parser import SharedParser
from ..information.imbalance import intersect, unite
from ..information.information import InformationModel
from ..information.keep_statistics import load_model
from ..text.split_sentences import split_clauses, split_sentences

if TYPE_CHECKING:
    from spacy.language import Language


def find_generated_facts(unit: Unit, nlp: "Language", model: InformationModel) -> Unit:
    """Fill in what every caption of ``unit`` states, as a whole and part by part."""
    captions = unit.table["caption"].to_pylist()
    parts = list(find_parts(nlp, [caption or "" for caption in captions]))
    facts = [unite(*(part.facts for part in row)) for row in parts]
    bits = [
        None if caption is None else model.bits(row).information_bits
        for row, caption in zip(facts, captions, strict=True)
    ]
    columns = [*facts_to_arrow(facts), pa.array(bits, pa.float64()), _parts_to_arrow(parts)]
    return unit.with_columns([*FACTS.names, "information_bits", "parts"], columns)


def find_parts(nlp: "Language", captions: Sequence[str]) -> Iterator[list[CaptionPart]]:
    """Yield the sentences and clauses of each caption with what each states where it stands.

    That is what is known behind it and was not before, and what it states alone besides: a pronoun
    is what it stands for, and a clause has the subject of its sentence.
    """
    texts = [
        [clause for sentence in split_sentences(caption) for clause in split_clauses(sentence)]
        for caption in captions
    ]
    in_turn = (zip(accumulate(row, _follow), row, strict=True) for row in texts)
    parsed = parse_captions(nlp, (text for row in in_turn for pair in row for text in pair))
    for row in texts:
        yield [CaptionPart(*part) for part in zip(row, _one_by_one(parsed, len(row)), strict=True)]


def _one_by_one(parsed: Iterator[Facts], parts: int) -> Iterator[Facts]:
    """Yield what each part states, from the facts of the text up to it and of the part alone."""
    before = Facts()
    for _ in range(parts):
        whole, alone = next(parsed), next(parsed)
        yield _with_objects(unite(_without(whole, before), intersect(alone, whole)))
        before = whole


def _follow(text: str, part: str) -> str:
    """Join a part to what comes before it; a clause brings its own comma or space."""
    return text + part if part[0] in ", " else f"{text} {part}"


def _without(facts: Facts, known: Facts) -> Facts:
    return Facts(
        tuple(term for term in facts.objects if term not in set(known.objects)),
        tuple(fact for fact in facts.attributes if fact not in set(known.attributes)),
        tuple(fact for fact in facts.relations if fact not in set(known.relations)),
    )


def _with_objects(facts: Facts) -> Facts:
    """Add the objects that the attributes and relations are of."""
    ends = chain.from_iterable((r.subject, r.object) for r in facts.relations)
    objects = (*facts.objects, *(a.object for a in facts.attributes), *ends)
    return Facts(tuple(dict.fromkeys(objects)), facts.attributes, facts.relations)


def _parts_to_arrow(parts: Sequence[list[CaptionPart]]) -> pa.Array:
    offsets = list(accumulate(map(len, parts), initial=0))
    flat = [part for row in parts for part in row]
    texts = pa.array([part.text for part in flat], pa.string())
    columns = facts_to_arrow([part.facts for part in flat])
    kind = CAPTIONS.field("parts").type
    values = pa.StructArray.from_arrays([texts, *columns], fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)


class _Find(beam.DoFn):
    def __init__(self, parser: str | None, statistics: str) -> None:
        self._parser = SharedParser(parser)
        self._statistics = statistics

    def setup(self) -> None:
        self._parser.load()
        self._model = load_model(self._statistics)

    def process(self, unit: Unit) -> Iterator[Unit]:
        with self._parser.use() as nlp:
            found = find_generated_facts(unit, nlp, self._model)
        yield found


@dataclass
class FindGeneratedFacts(beam.PTransform):
    """Unit of captions -> Unit with facts, by the parser and the statistics of the run."""

    parser: str | None
    statistics: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Find(self.parser, self.statistics))
