"""The parts of a generated caption and their facts."""

from evenpair.models.load_parser import load_parser
from evenpair.schemas.captions import CaptionPart
from evenpair.schemas.facts import Facts, Relation
from evenpair.transforms.enrich.find_generated_facts import find_parts


def test_pronouns_and_clauses_are_resolved_within_the_caption():
    caption = (
        "A man in a black jacket stands on a wide and sunny beach, holding a red surfboard. "
        "He wears a hat."
    )
    [parts] = find_parts(load_parser(), [caption])
    assert [part.text for part in parts] == [
        "A man in a black jacket stands on a wide and sunny beach",
        ", holding a red surfboard.",
        "He wears a hat.",
    ]
    assert Relation("man", "hold", "surfboard") in parts[1].facts.relations
    assert Relation("man", "wear", "hat") in parts[2].facts.relations
    assert Relation("man", "hold", "surfboard") not in parts[2].facts.relations


def test_an_empty_caption_has_no_parts():
    assert list(find_parts(load_parser(), ["", "a dog"])) == [
        [],
        [CaptionPart("a dog", Facts(("dog",)))],
    ]
