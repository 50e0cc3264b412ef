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
        yield caption, facts, model.bits(facts)


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
    """Return a line for a person: the bits, then the facts."""
    described = {name: [a for o, a in facts.attributes if o == name] for name in facts.objects}
    objects = [f"{name} ({', '.join(said)})" if said else name for name, said in described.items()]
    relations = [" ".join(relation) for relation in facts.relations]
    return f"{bits.information_bits:7.1f} bits  {caption}  =>  {'; '.join(objects + relations)}"
