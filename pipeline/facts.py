"""Captions -> the facts of each and their bits, in order; as JSON, text or a view."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import NamedTuple

import pyarrow as pa

from ..models.load_parser import load_parser
from ..schemas.facts import Attribute, Facts, Relation
from ..schemas.printable import printable, printable_json
from ..schemas.source import Source
from ..schemas.tables import PAIRS, SCORES, with_nulls
from ..schemas.unit import Tally, Unit
from ..transforms.facts.find_facts import find_facts
from ..transforms.facts.join_sentences import Sentence, words_of_facts
from ..transforms.facts.parse_captions import parse_captions, parse_sentences
from ..transforms.information.information import Bits, Weight
from ..transforms.information.keep_statistics import PRIOR, load_full_level, load_model
from ..transforms.information.mark_sparse import mark_sparse
from ..transforms.information.measure_information import measure_information
from ..transforms.text.visible_text import visible_text
from .options.phase_options import ENRICH_BELOW, ScoreOptions


class Statement(NamedTuple):
    """A caption, its facts and their bits, and its parsed sentences."""

    caption: str
    facts: Facts
    bits: Bits
    visible_bits: float
    """The bits of the part that a text encoder reads."""
    sentences: Sequence[Sentence]


def read_facts(captions: Iterable[str], *, parser: str = "") -> list[Facts]:
    """Return the facts of each caption, in order.

    ``parser`` is another spaCy pipeline than the shipped one, by name or path. Captions are read as
    English, whatever their language. Raises ModelNotFoundError if there is no such parser.
    """
    return list(parse_captions(load_parser(parser or None), captions))


def score_captions(
    captions: Iterable[str | None],
    *,
    parser: str = "",
    statistics: str = "",
    enrich_below: float = ENRICH_BELOW,
    full_level: float | None = None,
) -> pa.Table:
    """Return the columns of ``scores`` that need no image, a row for each caption.

    The options are those of ``evenpair score``; without ``statistics`` captions are measured by the
    shipped ones, not by one another. Raises UsageError for a value that is out of range or if there
    are no such statistics, ModelNotFoundError if there is no such parser.
    """
    options = ScoreOptions(enrich_below=enrich_below, full_level=full_level)
    path = statistics or PRIOR
    table = with_nulls({"caption": pa.array(list(captions), pa.string())}, PAIRS)
    unit = Unit(Source(0, "", ""), table, Tally(table.num_rows))
    unit = find_facts(unit, load_parser(parser or None))
    unit = measure_information(unit, load_model(path))
    level = options.full_level or load_full_level(path)
    scored = mark_sparse(unit, full_level=level, enrich_below=options.enrich_below)
    return scored.table.select([name for name in SCORES.names if name not in _OF_SOURCES])


_OF_SOURCES = {*PAIRS.names} - {"caption"}


def state_facts(
    captions: Iterable[str], parser: str = "", statistics: str = ""
) -> Iterator[Statement]:
    """Yield each caption with its facts and their bits, whatever its language.

    Raises UsageError if there are no such statistics, ModelNotFoundError if no such parser.
    """
    model = load_model(statistics or PRIOR)
    nlp = load_parser(parser or None)
    captions, parsed = tee(captions)
    for caption, (facts, sentences) in zip(captions, parse_sentences(nlp, parsed), strict=True):
        bits = model.bits_of_each(facts)
        cut = visible_text(caption)
        read = bits if cut is None else model.bits(next(iter(parse_captions(nlp, [cut]))))
        yield Statement(caption, facts, bits, read.information_bits, sentences)


def as_json(statement: Statement) -> str:
    """Return the statement as one line of JSON."""
    caption, facts, bits, visible_bits, _ = statement
    content = json.dumps(
        {
            "caption": caption,
            "objects": facts.objects,
            "attributes": facts.attributes,
            "relations": facts.relations,
            "object_bits": bits.object_bits,
            "attribute_bits": bits.attribute_bits,
            "relation_bits": bits.relation_bits,
            "information_bits": bits.information_bits,
            "visible_bits": visible_bits,
        },
        ensure_ascii=False,
    )
    return printable_json(content)


def as_text(statement: Statement) -> str:
    """Return the statement as one line of text.

    The information, then each fact with its bits times its visibility.
    """
    caption, facts, bits, *_ = statement
    of_fact = bits.of_fact
    described = {
        name: [f"{a.attribute} {_product(of_fact[a])}" for a in facts.attributes if a[0] == name]
        for name in facts.objects
    }
    objects = [
        f"{name} {_product(of_fact[name])}" + (f" ({', '.join(attributes)})" if attributes else "")
        for name, attributes in described.items()
    ]
    relations = [f"{' '.join(fact)} {_product(of_fact[fact])}" for fact in facts.relations]
    described_facts = "; ".join(objects + relations)
    return f"{bits.information_bits:7.1f} bits  {printable(caption)}  =>  {described_facts}"


def as_view(statement: Statement) -> str:
    """Return the caption, and below it a line for each fact with the words that it comes from.

    The numbers of a fact are what it adds to the information, its bits and its visibility.
    """
    caption, facts, bits, _, sentences = statement
    words = words_of_facts(sentences)
    rows: list[tuple[str | Attribute | Relation, str]] = [(name, name) for name in facts.objects]
    rows += [(fact, f"{fact.object} is {fact.attribute}") for fact in facts.attributes]
    rows += [(fact, " ".join(fact)) for fact in facts.relations]
    width = max((len(shown) for _, shown in rows), default=0)
    lines = [
        f"{_sum(bits.of_fact[fact])}  {shown:{width}}  < {words[fact] or 'implied'}"
        for fact, shown in rows
    ]
    return "\n".join([f"{bits.information_bits:7.1f} bits  {printable(caption)}", *lines])


def _product(weight: Weight) -> str:
    return f"{weight.bits:.1f}*{weight.visibility:.2f}"


def _sum(weight: Weight) -> str:
    product = f"{weight.bits:.1f} * {weight.visibility:.2f}"
    return f"{weight.visible_bits:7.1f} = {product:11}"
