"""Variants of examples with what is not there and with words that are only written on something."""

import random
from collections.abc import Sequence

from ..models.arc_network import Arc
from .graph_to_arcs import Example, insert

_DENIALS = (
    "with no {}",
    "without a {}",
    "without any {}",
    "and no {}",
    ", but no {}",
    ", not a {}",
    "instead of a {}",
    "with no {} in sight",
    "lacking a {}",
    ", with no {} or {}",
    "that has no {}",
    "not wearing a {}",
    "not holding any {}",
    "but there is no {}",
    ", which does not have a {}",
)
_OPENINGS = ("there is no {} but", "no {} , just", "there are no {} here , only")
_READINGS = ("that says", "that reads", "reading", "saying", "labeled", "which says", "with")
_BEARING = ("with the {} ", "bearing the {}", "that has the {}")
_WRITINGS = ("word", "words", "text", "letters", "name", "inscription", "phrase")


def deny(example: Example, nouns: Sequence[str], rng: random.Random) -> Example:
    """`dog on grass` -> `dog on grass without any shoe`: no fact more."""
    names = [rng.choice(nouns) for _ in range(2)]
    if rng.random() < 0.15:
        return insert(example, 0, rng.choice(_OPENINGS).format(*names).split())
    return insert(example, len(example.words), rng.choice(_DENIALS).format(*names).split())


def quote(example: Example, other: Sequence[str], rng: random.Random) -> Example:
    """`sign on pole` -> `sign that says " a dog " on pole`: the words are an attribute of it."""
    items = [head for head, word, label in example.arcs if label == "object" and head == word]
    start = rng.randrange(len(other)) if other else 0
    words = [word for word in other[start : start + rng.randint(1, 4)] if word.isalnum()]
    if not items or not words:
        return example
    item = rng.choice(items)
    if rng.random() < 0.6:
        return _insert_quoted(example, item, rng.choice(_READINGS).split(), words)
    lead = rng.choice(_BEARING).format(rng.choice(_WRITINGS)).split()
    anchor = item + 1 + (lead[0] == "that")
    bearer = item + len(lead)
    have = "obj" if lead[0] == "that" else "obj=have"
    arcs = [Arc(anchor, item, "subj"), Arc(anchor, bearer, have), Arc(bearer, bearer, "object")]
    return _insert_quoted(example, item, lead, words, bearer, arcs)


def _insert_quoted(
    example: Example,
    item: int,
    lead: Sequence[str],
    words: Sequence[str],
    bearer: int | None = None,
    arcs: Sequence[Arc] = (),
) -> Example:
    """After an object, a lead and quoted words, which are an attribute of the bearer."""
    first = item + len(lead) + 2
    attribute = [Arc(item if bearer is None else bearer, first, "attr")]
    parts = [Arc(first, first + number, "part") for number in range(1, len(words))]
    return insert(example, item + 1, [*lead, '"', *words, '"'], [*arcs, *attribute, *parts])
