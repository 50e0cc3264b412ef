"""Variants of examples with what is not there and with words that are only written on something."""

import random
from collections.abc import Sequence

from ..models.arc_network import Arc
from .graphs.graph_to_arcs import Example, insert, named_objects

_ENDINGS = (
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
    ", none of it {}",
    ", not {}",
)
_MIDDLES = (
    "without a {}",
    "without any {}",
    "with no {}",
    "not wearing a {}",
    "not holding a {}",
    "not {}",
    "that has no {}",
    "who is not {}",
    ", not {} ,",
    "lacking a {}",
)
_BEGINNINGS = (
    "there is no {} but",
    "no {} , just",
    "there are no {} here , only",
    "without a {} ,",
)
_STATEMENTS = (
    "the OBJECT is not {}",
    "the OBJECT isn't {}",
    "the OBJECT are not {}",
    "a OBJECT that is not {}",
    "there is no {} on the OBJECT",
    "there are no {} in the OBJECT",
    "no {} in the OBJECT",
    "the OBJECT has no {}",
    "a OBJECT that has no {}",
    "the OBJECT does not have a {}",
    "the OBJECT doesn't have any {}",
    "a OBJECT with no {} on it",
    "the OBJECT lacks a {}",
    "a OBJECT with nobody on it",
    "nothing is on the OBJECT",
    "neither OBJECT has a {}",
    "the OBJECT is without {}",
    "a OBJECT without {} or {}",
    "not a single {} on the OBJECT",
    "the OBJECT never {}",
)
_READINGS = (
    "that says",
    "that reads",
    "reading",
    "saying",
    "labeled",
    "titled",
    "named",
    "marked",
    "which says",
    "with",
)
_TAILS = ("written on it", "on it", "painted on it", "printed on its side", "written under it")
_BEARING = ("with the {}", "bearing the {}", "that has the {}")
_WRITINGS = ("word", "words", "text", "letters", "name", "inscription", "phrase")


def deny(
    example: Example, nouns: Sequence[str], others: Sequence[str], rng: random.Random
) -> Example:
    """`dog on grass` -> `dog without any shoe on grass`: no fact more."""
    chance = rng.random()
    names = [rng.choice(rng.choice((nouns, others))) for _ in range(2)]
    if chance < 0.2:
        return _deny_last(example, rng)
    if chance < 0.45:
        return _statement(rng.choice(_STATEMENTS).format(*names).split(), rng.choice(nouns))
    if chance < 0.75:
        items = named_objects(example)
        place = items[0] + 1 if items else 0
        return insert(example, place, rng.choice(_MIDDLES).format(*names).split())
    if chance < 0.82:
        return insert(example, 0, rng.choice(_BEGINNINGS).format(*names).split())
    return insert(example, len(example.words), rng.choice(_ENDINGS).format(*names).split())


def _statement(words: list[str], noun: str) -> Example:
    """A sentence whose only fact is the object that something is denied of."""
    place = words.index("OBJECT")
    words[place] = noun
    return Example(tuple(words), (Arc(place, place, "object"),))


def _deny_last(example: Example, rng: random.Random) -> Example:
    """`man in coat wearing hat` -> `man in coat not wearing hat`: the last relation goes."""
    anchor = max((head for head, _, label in example.arcs if label == "subj"), default=0)
    start = min(
        (word for head, word, label in example.arcs if head == anchor and label[:4] == "pred"),
        default=anchor,
    )
    word = example.words[start]
    if not start or not (word == "with" or word.endswith("ing")):
        return example
    kept = tuple(arc for arc in example.arcs if arc.head < start and arc.word < start)
    known = {head for head, _, label in kept if label == "object"}
    subjects = {w for head, w, label in example.arcs if head == anchor and label == "subj"}
    if not subjects <= known:
        return example
    if word == "with":
        said = rng.choice(("without", "with no"))
        words = (*example.words[:start], *said.split(), *example.words[start + 1 :])
        return Example(words, kept)
    return insert(Example(example.words, kept), start, ["not"])


def quote(example: Example, other: Sequence[str], rng: random.Random) -> Example:
    """`sign on pole` -> `sign that says " a dog " on pole`: the words are an attribute of it."""
    items = named_objects(example)
    start = rng.randrange(len(other)) if other else 0
    words = [word for word in other[start : start + rng.randint(1, 6)] if word.isalnum()]
    if not items or not words:
        return example
    item = rng.choice(items)
    if rng.random() < 0.6:
        lead = rng.choice(_READINGS)
        tail = rng.choice(_TAILS).split() if lead == "with" else []
        return _insert_quoted(example, item, lead.split(), words, tail=tail)
    lead_words = rng.choice(_BEARING).format(rng.choice(_WRITINGS)).split()
    anchor = item + 1 + (lead_words[0] == "that")
    bearer = item + len(lead_words)
    have = "obj" if lead_words[0] == "that" else "obj=have"
    arcs = [Arc(anchor, item, "subj"), Arc(anchor, bearer, have), Arc(bearer, bearer, "object")]
    return _insert_quoted(example, item, lead_words, words, arcs=arcs)


def _insert_quoted(
    example: Example,
    item: int,
    lead: Sequence[str],
    words: Sequence[str],
    *,
    tail: Sequence[str] = (),
    arcs: Sequence[Arc] = (),
) -> Example:
    """After an object, a lead and quoted words: an attribute of the last object of the two."""
    first = item + len(lead) + 2
    bearer = arcs[-1].head if arcs else item
    parts = [Arc(first, first + number, "part") for number in range(1, len(words))]
    return insert(
        example,
        item + 1,
        [*lead, '"', *words, '"', *tail],
        [*arcs, Arc(bearer, first, "attr"), *parts],
    )
