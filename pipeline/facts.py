"""Captions -> the facts of each and their bits, in order; as JSON, text or a view."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import NamedTuple

from ..models.load_parser import load_parser
from ..schemas.facts import Attribute, Facts, Relation
from ..schemas.printable import printable, printable_json
from ..transforms.facts.join_sentences import Sentence, words_of_facts
from ..transforms.facts.parse_captions import parse_captions, parse_sentences
from ..transforms.information.information import Bits, Weight
from ..transforms.information.keep_statistics import PRIOR, load_model
from ..transforms.text.visible_text import visible_text


class Statement(NamedTuple):
    """A caption, its facts and their bits, and its parsed sentences."""

    caption: str
    facts: Facts
    bits: Bits
    visible_bits: float
    """The bits of the part that a text encoder reads."""
    sentences: Sequence[Sentence]


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
