"""Unit of captions -> Unit with the language, the words and the facts of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
import pyarrow as pa

from ...schemas.facts import Facts
from ...schemas.tables import facts_to_arrow
from ...schemas.unit import Unit
from ..text.recognise_language import PARSER_LANGUAGE, recognise_language
from ..text.visible_text import visible_text
from .parse_captions import parse_captions
from .shared_parser import SharedParser

if TYPE_CHECKING:
    from spacy.language import Language

COLUMNS = ["language", "words", "objects", "attributes", "relations", "_visible"]
"""``_visible`` has the facts of what a text encoder sees, null where it sees the whole caption."""


def find_facts(unit: Unit, nlp: "Language") -> Unit:
    """Add COLUMNS to a unit; captions in other languages than the parser's are not parsed."""
    captions = [caption or "" for caption in unit.table["caption"].to_pylist()]
    languages = [recognise_language(caption) for caption in captions]
    texts = [c if at == PARSER_LANGUAGE else "" for c, at in zip(captions, languages, strict=True)]
    columns = [
        pa.array(languages, pa.string()),
        pa.array([len(caption.split()) for caption in captions], pa.int32()),
        *facts_to_arrow(list(parse_captions(nlp, texts))),
        _visible_facts(texts, nlp),
    ]
    return unit.with_columns(COLUMNS, columns)


def _visible_facts(texts: Sequence[str], nlp: "Language") -> pa.Array:
    cut = [visible_text(text) for text in texts]
    parsed = iter(parse_captions(nlp, (text for text in cut if text is not None)))
    facts = [Facts() if text is None else next(parsed) for text in cut]
    names = ["objects", "attributes", "relations"]
    whole = pa.array([text is None for text in cut], pa.bool_())
    return pa.StructArray.from_arrays(facts_to_arrow(facts), names, mask=whole)


class _Find(beam.DoFn):
    def __init__(self, parser: str | None) -> None:
        self._parser = SharedParser(parser)

    def setup(self) -> None:
        self._parser.load()

    def process(self, unit: Unit) -> Iterator[Unit]:
        with self._parser.use() as nlp:
            found = find_facts(unit, nlp)
        yield found


@dataclass
class FindFacts(beam.PTransform):
    """Unit -> Unit with facts, by the shipped parser or another spaCy pipeline."""

    parser: str | None = None

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Find(self.parser))
