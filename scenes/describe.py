"""``Scene -> caption``: what is said of a scene in plain English, whole or in part.

Several wordings, but only such as state each fact outright, so that the facts of every caption
are known exactly.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ..schemas.facts import Attribute, Facts, Relation
from .scene import ABOVE, LEFT_OF, Scene, SceneObject, sample_scene, scene_facts

_PHRASES = {ABOVE: "above", LEFT_OF: "to the left of"}


@dataclass(frozen=True, slots=True)
class _Chain:
    """Neighbours in the scene that the caption relates, each with the attributes it names."""

    objects: tuple[tuple[SceneObject, tuple[str, ...]], ...]
    predicates: tuple[str, ...]


def describe_scene(scene: Scene, rng: random.Random) -> str:
    """All facts of the scene in one to three sentences."""
    if len(scene.objects) < 3 and rng.random() < 0.15:
        return _named_then_described(scene, rng)
    return _say(_chains(scene, scene_facts(scene)), rng)


def sparse_caption(scene: Scene, rng: random.Random, left_out: float) -> tuple[str, Facts]:
    """A caption without the share ``left_out`` of the scene's facts, and the facts it states.

    People name things first and describe them later: attributes and relations go before objects,
    and at least one object stays.
    """
    known = scene_facts(scene)
    stays = max(1, round((1.0 - left_out) * len(known)))
    objects = sorted(rng.sample(range(len(known.objects)), min(stays, len(known.objects))))
    named = tuple(known.objects[number] for number in objects)
    details = [
        *(item for item in known.attributes if item.object in named),
        *(item for item in known.relations if item.subject in named and item.object in named),
    ]
    kept = set(rng.sample(details, min(len(details), stays - len(named))))
    said = Facts(
        named,
        tuple(item for item in known.attributes if item in kept),
        tuple(item for item in known.relations if item in kept),
    )
    return _say(_chains(scene, said), rng), said


def described_scenes(seed: int, count: int) -> Iterator[tuple[str, Facts]]:
    """Captions of scenes, from the barest to the fullest, each with exactly its facts."""
    for index in range(count):
        scene = sample_scene(seed, index)
        rng = random.Random(f"caption {seed} {index}")
        if index % 2:
            yield sparse_caption(scene, rng, rng.random())
        else:
            yield describe_scene(scene, rng), scene_facts(scene)


def _chains(scene: Scene, said: Facts) -> list[_Chain]:
    """The objects that are named, split wherever no relation is."""
    chains: list[_Chain] = []
    for item in scene.objects:
        if item.shape not in said.objects:
            continue
        words = tuple(w for w in item.attributes if Attribute(item.shape, w) in said.attributes)
        link = _link(chains[-1].objects[-1][0], item, said) if chains else None
        if link is None:
            chains.append(_Chain(((item, words),), ()))
        else:
            last = chains.pop()
            chains.append(_Chain((*last.objects, (item, words)), (*last.predicates, link)))
    return chains


def _link(before: SceneObject, item: SceneObject, said: Facts) -> str | None:
    for predicate in (ABOVE, LEFT_OF):
        if Relation(before.shape, predicate, item.shape) in said.relations:
            return predicate
    return None


def _say(chains: list[_Chain], rng: random.Random) -> str:
    phrases = [[_noun_phrase(item, words, rng) for item, words in c.objects] for c in chains]
    if not any(chain.predicates for chain in chains):
        opening = rng.choice(("", "", "There is ", "There is "))
        return _sentence(opening + _enumerate([phrase for (phrase,) in phrases]))
    sentences = [
        _chain_sentences(chain, nouns, rng) for chain, nouns in zip(chains, phrases, strict=True)
    ]
    return " ".join(sentences)


def _chain_sentences(chain: _Chain, nouns: list[str], rng: random.Random) -> str:
    """``A is above B``, the next relation starting from ``the B``."""
    if not chain.predicates:
        return _sentence("there is " + nouns[0])
    first, *more = (_PHRASES[predicate] for predicate in chain.predicates)
    start = rng.choice(("{} is {} {}", "{} is {} {}", "there is {} {} {}", "{} {} {}"))
    text = start.format(nouns[0], first, nouns[1])
    for number, phrase in enumerate(more, start=1):
        clause = f"the {chain.objects[number][0].shape} is {phrase} {nouns[number + 1]}"
        # Two clauses share a sentence only where both have a verb.
        if " is " in text and rng.random() < 0.3:
            text = f"{text}, and {clause}"
        else:
            text = f"{_sentence(text)} {_sentence(clause)}"
    return _sentence(text)


def _named_then_described(scene: Scene, rng: random.Random) -> str:
    """``A circle is above a square. The circle is large, striped and red. ...``."""
    known = scene_facts(scene)
    sentences = [
        _sentence(f"the {item.shape} is {_enumerate(_ordered(item, rng))}")
        for item in scene.objects
    ]
    if known.relations:
        sentences.insert(0, _say(_chains(scene, Facts(known.objects, (), known.relations)), rng))
    return " ".join(sentences)


def _noun_phrase(item: SceneObject, words: tuple[str, ...], rng: random.Random) -> str:
    said = [word for word in _ordered(item, rng) if word in words]
    phrase = " ".join([*said, item.shape])
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def _ordered(item: SceneObject, rng: random.Random) -> list[str]:
    """The size first, then the other two in either order, but nobody says "red plain"."""
    size, *rest = item.attributes
    return [size, *(rest if item.texture == "plain" else rng.sample(rest, 2))]


def _enumerate(phrases: list[str]) -> str:
    if len(phrases) == 1:
        return phrases[0]
    return ", ".join(phrases[:-1]) + " and " + phrases[-1]


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith(".") else text + "."
