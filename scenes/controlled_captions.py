"""``Item -> caption``: some of its factors in plain English, so that a parser reads just these."""

import random

from .controlled import FACTORS, SHAPE, UNNAMED, Item

_PADDING = (
    "best price online with free delivery",
    "high resolution stock photo for your next project",
    "click here to download it now in full size",
    "one of the nicest you will find anywhere this year",
    "a must see that everybody is talking about",
    "all rights reserved, please contact us for more information",
)


def draw_named(rng: random.Random, count: int, always: str = SHAPE) -> tuple[str, ...]:
    """``always`` and ``count`` of the other factors, drawn at random, in the order of FACTORS."""
    others = [factor for factor in FACTORS if factor != always]
    drawn = {always, *rng.sample(others, count)}
    return tuple(factor for factor in FACTORS if factor in drawn)


def describe_item(item: Item, named: tuple[str, ...], rng: random.Random) -> str:
    """A sentence that states the factors ``named`` and no other."""
    factors = item.factors
    noun = factors[SHAPE] if SHAPE in named else UNNAMED
    words = [factors[factor] for factor in FACTORS if factor in named and factor != SHAPE]
    if words and noun != UNNAMED and rng.random() < 0.35:
        return _predicate(noun, words, rng)
    opening = rng.choice(("", "", "There is ", "Here is ", "This is "))
    return _sentence(opening + _phrase(noun, words))


def pad(caption: str, rng: random.Random) -> str:
    """The caption, and some lines around it that say nothing of the picture."""
    before, *after = rng.sample(_PADDING, 3)
    return f"{_sentence(before)} {caption} {' '.join(map(_sentence, after))}"


def _predicate(noun: str, words: list[str], rng: random.Random) -> str:
    """Some words before the noun, the rest behind a verb, a colour last."""
    chosen = set(rng.sample(words, rng.randrange(len(words))))
    before = [word for word in words if word in chosen]
    behind = rng.sample([word for word in words if word not in chosen], len(words) - len(chosen))
    behind.sort(key=lambda word: word in FACTORS["colour"])
    if rng.random() < 0.5:
        return _sentence(f"the {' '.join([*before, noun])} is {_enumerate(behind)}")
    return _sentence(f"{_phrase(noun, before)} that is {_enumerate(behind)}")


def _phrase(noun: str, words: list[str]) -> str:
    phrase = " ".join([*words, noun])
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def _enumerate(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
