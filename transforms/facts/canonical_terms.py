"""Words -> terms in canonical form: singular nouns, verb lemmas, digits for number words.

English inflection by rule, under the tables of exceptions that a trained pipeline brings along.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

NUMBERS: Mapping[str, str] = {
    word: str(number)
    for number, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen sixteen seventeen eighteen nineteen twenty"
        ).split()
    )
}

REMEMBERED = 20_000
"""Captions repeat their words: so many of their forms are not worked out again."""

_SINGULAR_RULES = (
    (re.compile(r"([^aeiou])ies$"), r"\1y"),
    (re.compile(r"(ss|x|z|ch|sh)es$"), r"\1"),
    (re.compile(r"men$"), "man"),
    (re.compile(r"([^s'])s$"), r"\1"),
)
_DOUBLED = re.compile(r"([bdgkmnprtv])\1$")
_NEEDS_E = re.compile(
    r"(?:[cuvz]|[aeiou]s|[^aeiou][aiouy][kmnptd]|[^aeiou][aiou][rlg]|[rln]g|[bdgpkfzt]l|rs|ns)$"
)


@lru_cache(maxsize=REMEMBERED)
def singular(noun: str) -> str:
    """The singular of a lower-case noun, by rule alone."""
    if len(noun) < 4 or noun.endswith(("ss", "us", "is")):
        return noun
    for pattern, ending in _SINGULAR_RULES:
        changed, count = pattern.subn(ending, noun)
        if count:
            return changed
    return noun


@lru_cache(maxsize=REMEMBERED)
def verb_lemma(verb: str) -> str:
    """The base form of a lower-case verb, by rule alone."""
    for ending in ("ing", "ed"):
        stem = verb.removesuffix(ending)
        if stem != verb and len(stem) > 1 and re.search("[aeiouy]", stem):
            return _base(stem)
    return singular(verb)


def _base(stem: str) -> str:
    if stem.endswith("i"):
        return stem[:-1] + "y"
    if _DOUBLED.search(stem):
        return stem[:-1]
    return stem + "e" if _NEEDS_E.search(stem) else stem


def _join(words: Sequence[str]) -> str:
    return " ".join(words).replace(" 's", "'s")


@dataclass(frozen=True)
class Lexicon:
    """What the rules do not know: single words (nouns, verbs) and whole terms (the others)."""

    nouns: Mapping[str, str] = field(default_factory=dict)
    verbs: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    predicates: Mapping[str, str] = field(default_factory=dict)
    relating: Collection[str] = ()
    """Words that make a predicate of a phrase; where none are listed, every word does."""

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> "Lexicon":
        """From the tables that a trained pipeline brings along."""
        return cls(**{**tables, "relating": frozenset(tables.get("relating", ()))})

    def noun(self, word: str) -> str:
        return self.nouns.get(word) or singular(word)

    def verb(self, word: str) -> str:
        return self.verbs.get(word) or verb_lemma(word)

    def object_term(self, words: Sequence[str]) -> str:
        """An object's name: its last word singular, the parts before it as they are."""
        said = _join(words)
        if said in self.objects:
            return self.objects[said]
        name = _join((*words[:-1], self.noun(words[-1])))
        return self.objects.get(name, name)

    def attribute_term(self, words: Sequence[str]) -> str:
        name = _join(words)
        return self.attributes.get(name) or NUMBERS.get(name, name)

    def relates(self, words: Sequence[str]) -> bool:
        """Whether these words can be a predicate: `sit on`, but not `2` or `brown`."""
        return not self.relating or any(
            word in self.relating or word in self.verbs or word.endswith(("ing", "ed", "s"))
            for word in words
        )

    def predicate_word(self, word: str) -> str:
        """One word of a predicate: a verb's lemma, a preposition as it is or as its equal."""
        return self.predicates.get(word) or self.verb(word)
