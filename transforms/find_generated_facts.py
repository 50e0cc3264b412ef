"""Unit of captions -> Unit with their parts, their facts and their information."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING

import apache_beam as beam
import pyarrow as pa

from ..models.load_parser import load_parser
from ..schemas.facts import Facts
from ..schemas.tables import CAPTIONS, FACTS, facts_to_arrow
from ..schemas.unit import Unit
from .imbalance import intersect, unite
from .information import InformationModel
from .keep_statistics import load_statistics
from .parse_captions import parse_captions
from .split_sentences import split_clauses, split_sentences

if TYPE_CHECKING:
    from spacy.language import Language


def find_generated_facts(unit: Unit, nlp: "Language", model: InformationModel) -> Unit:
    """Fill in what every caption of ``unit`` states, as a whole and part by part."""
    captions = unit.table["caption"].to_pylist()
    texts = [[] if caption is None else _parts_of(caption) for caption in captions]
    facts = _facts_of_parts(nlp, texts)
    united = [unite(*row) for row in facts]
    bits = [
        None if caption is None else model.bits(row).information_bits
        for row, caption in zip(united, captions, strict=True)
    ]
    columns = [*facts_to_arrow(united), pa.array(bits, pa.float64()), _parts(texts, facts)]
    return unit.with_columns([*FACTS.names, "information_bits", "parts"], columns)


def _parts_of(caption: str) -> list[str]:
    return [clause for said in split_sentences(caption) for clause in split_clauses(said)]


def _facts_of_parts(nlp: "Language", texts: Sequence[list[str]]) -> list[list[Facts]]:
    """Return what each part states where it stands: behind the parts before it.

    A pronoun is then what it stands for, and a clause has the subject of its sentence.
    """
    in_turn = (zip(accumulate(parts, _follow), parts, strict=True) for parts in texts)
    parsed = parse_captions(nlp, (text for parts in in_turn for pair in parts for text in pair))
    return [list(_one_by_one(parsed, len(parts))) for parts in texts]


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


def _parts(texts: Sequence[list[str]], facts: Sequence[list[Facts]]) -> pa.Array:
    offsets = list(accumulate(map(len, texts), initial=0))
    flat = pa.array([text for row in texts for text in row], pa.string())
    columns = facts_to_arrow([fact for row in facts for fact in row])
    kind = CAPTIONS.field("parts").type
    parts = pa.StructArray.from_arrays([flat, *columns], fields=list(kind.value_type))
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
