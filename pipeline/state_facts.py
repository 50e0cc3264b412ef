"""Captions, a line each -> what each states and the bits that it carries, in order."""

import json
from collections.abc import Iterable, Iterator
from itertools import tee

from ..models.load_parser import load_parser
from ..schemas.facts import Facts
from ..transforms.information import Bits, InformationModel
from ..transforms.keep_statistics import PRIOR, load_statistics
from ..transforms.parse_captions import parse_captions


def state_facts(
    captions: Iterable[str], parser: str = "", statistics: str = ""
) -> Iterator[tuple[str, Facts, Bits]]:
    """Yield each caption with its facts and their bits, whatever its language.

    Raises UsageError if there are no such statistics.
    """
    model = InformationModel(load_statistics(statistics or PRIOR))
    nlp = load_parser(parser or None)
    given, parsed = tee(captions)
    for caption, facts in zip(given, parse_captions(nlp, parsed), strict=True):
        yield caption, facts, model.bits_of_each(facts)


def as_json(caption: str, facts: Facts, bits: Bits) -> str:
    """Return a line of JSON that stands alone."""
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


def as_text(caption: str, facts: Facts, bits: Bits) -> str:
    """Return a line for a person: all bits, then each fact with its own."""
    of_fact = bits.of_fact
    described = {
        name: [f"{a.attribute} {of_fact[a]:.1f}" for a in facts.attributes if a.object == name]
        for name in facts.objects
    }
    objects = [
        f"{name} {of_fact[name]:.1f}" + (f" ({', '.join(said)})" if said else "")
        for name, said in described.items()
    ]
    relations = [f"{' '.join(relation)} {of_fact[relation]:.1f}" for relation in facts.relations]
    return f"{bits.information_bits:7.1f} bits  {caption}  =>  {'; '.join(objects + relations)}"
