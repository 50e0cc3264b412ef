"""Captions -> the facts of each and their bits, in order; as JSON, text or a view."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import NamedTuple

from ..models.load_parser import load_parser
from ..schemas.facts import Attribute, Facts, Relation
from ..transforms.facts.join_sentences import Sentence, words_of_facts
from ..transforms.facts.parse_captions import parse_sentences
from ..transforms.information.information import Bits
from ..transforms.information.keep_statistics import PRIOR, load_model


class Statement(NamedTuple):
    """A caption, its facts and their bits, and its parsed sentences."""

    caption: str
    facts: Facts
    bits: Bits
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
        yield Statement(caption, facts, model.bits_of_each(facts), sentences)


def as_json(statement: Statement) -> str:
    """Return the statement as one line of JSON."""
    caption, facts, bits, _ = statement
    return json.dumps(
        {
            "caption": caption,
            "objects": facts.objects,
            "attributes": facts.attributes,
            "relations": facts.relations,
            "object_bits": bits.object_bits,
            "attribute_bits": bits.attribute_bits,
            "relation_bits": bits.relation_bits,
            "information_bits": bits.information_bits,
        },
        ensure_ascii=False,
    )


def as_text(statement: Statement) -> str:
    """Return the statement as one line of text: the sum of bits, then each fact with its bits."""
    caption, facts, bits, _ = statement
    of_fact = bits.of_fact
    described = {
        name: [f"{a.attribute} {of_fact[a]:.1f}" for a in facts.attributes if a.object == name]
        for name in facts.objects
    }
    objects = [
        f"{name} {of_fact[name]:.1f}" + (f" ({', '.join(attributes)})" if attributes else "")
        for name, attributes in described.items()
    ]
    relations = [f"{' '.join(relation)} {of_fact[relation]:.1f}" for relation in facts.relations]
    return f"{bits.information_bits:7.1f} bits  {caption}  =>  {'; '.join(objects + relations)}"


def as_view(statement: Statement) -> str:
    """Return the caption, and below it a line for each fact with the words that it comes from."""
    caption, facts, bits, sentences = statement
    words = words_of_facts(sentences)
    rows: list[tuple[str | Attribute | Relation, str]] = [(name, name) for name in facts.objects]
    rows += [(fact, f"{fact.object} is {fact.attribute}") for fact in facts.attributes]
    rows += [(fact, " ".join(fact)) for fact in facts.relations]
    width = max((len(shown) for _, shown in rows), default=0)
    lines = [
        f"{bits.of_fact[fact]:7.1f}  {shown:{width}}  < {words[fact] or 'implied'}"
        for fact, shown in rows
    ]
    return "\n".join([f"{bits.information_bits:7.1f} bits  {caption}", *lines])
