"""Tables of canonical terms: English inflection from WordNet's lists, wording from gold graphs."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain

from ...transforms.facts.canonical_terms import singular, verb_lemma
from ..word_lists import irregular_forms, word_frequency, words_of_kind

_VERB_FIXES = dict.fromkeys("lay lays laying laid lain lying lies".split(), "lie")
_VERB_FIXES |= {"left": "left", "found": "find", "seated": "seat", "ground": "ground"}
_PLURAL_ONLY = (
    "glasses eyeglasses sunglasses pants shorts jeans scissors trousers goggles clothes tongs "
    "binoculars headphones tights leggings overalls khakis pajamas pliers panties slacks "
    "earphones earbuds news series species tennis canvas christmas gas bus lens swiss plus "
    "chess tennis texas las los atlas cactus asparagus hummus campus circus"
).split()
_NOUN_FIXES = {word: word for word in _PLURAL_ONLY} | {
    "men": "man", "women": "woman", "people": "people", "persons": "person", "dice": "dice",
    "data": "data", "media": "media",
    "graffiti": "graffiti", "bacteria": "bacteria",
    "leaves": "leaf", "skis": "ski", "taxis": "taxi",
    "buses": "bus", "busses": "bus", "mens": "man", "womens": "woman", "feet": "foot",
}  # fmt: skip
_VOWELS = "aeiou"
_COMMON = -18.0
"""Log probability from which a word is common enough for the tables."""


@cache
def learn_inflection() -> tuple[dict[str, str], dict[str, str]]:
    """Noun and verb forms that the rules of `canonical_terms` would get wrong."""
    nouns = _exceptions("noun", singular, plural_forms)
    verbs = _exceptions("verb", verb_lemma, verb_forms)
    return nouns | _NOUN_FIXES, verbs | _VERB_FIXES


def _exceptions(
    kind: str, rule: Callable[[str], str], inflect: Callable[[str], Iterator[str]]
) -> dict[str, str]:
    """Common forms of which the rule does not find the lemma; the commoner lemma owns a form."""
    frequency = word_frequency()
    words = sorted(words_of_kind(kind), key=lambda word: -frequency.get(word, -99.0))
    known = set(words)
    best: dict[str, str] = {}
    for word in words:
        plural = kind == "noun" and rule(word) != word and rule(word) in known
        if word.isalpha() and word.isascii() and not plural:
            for form in inflect(word):
                best.setdefault(form, word)
    for form, lemma in irregular_forms(kind).items():
        if form.isalpha():
            best[form] = lemma
    return {
        form: lemma
        for form, lemma in best.items()
        if frequency.get(form, -99.0) > _COMMON and rule(form) != lemma
    }


def plural_forms(noun: str) -> Iterator[str]:
    yield noun
    if noun.endswith(("s", "x", "z", "ch", "sh", "o")):
        yield noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        yield noun[:-1] + "ies"
    else:
        yield noun + "s"


def verb_forms(verb: str) -> Iterator[str]:
    yield verb
    if verb.endswith("e"):
        stem = verb[:-2] + "y" if verb.endswith("ie") else verb[:-1]
        yield from (verb + "s", stem + "ing", verb + "d")
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        yield from (verb[:-1] + "ies", verb + "ing", verb[:-1] + "ied")
    else:
        sibilant = verb.endswith(("s", "x", "z", "ch", "sh", "o"))
        yield verb + ("es" if sibilant else "s")
        double = len(verb) > 2 and verb[-1] not in "wxyaeiou" and verb[-2] in _VOWELS
        if double and verb[-3] not in _VOWELS:
            yield from (verb + verb[-1] + "ing", verb + verb[-1] + "ed")
        if not double or sum(letter in _VOWELS for letter in verb) > 1:
            yield from (verb + "ing", verb + "ed")


@cache
def _verb_forms() -> frozenset[str]:
    regular = chain.from_iterable(map(verb_forms, words_of_kind("verb")))
    return frozenset(chain(regular, irregular_forms("verb")))


def is_verb_form(word: str) -> bool:
    """Whether a word can be a verb, in any form."""
    return word in _verb_forms()


def learn_wording(
    seen: Iterable[tuple[Sequence[str], Sequence[str]]],
    total: Mapping[str, int],
    *,
    least: int = 3,
    share: float = 0.4,
) -> dict[str, str]:
    """Find words that stand for a gold term which they do not spell.

    `seen` pairs the unexplained words (or pairs of words) of a caption with its unexplained terms;
    `total` counts each word over all captions: a wording must hold in a `share` of them.
    """
    together: dict[str, Counter[str]] = defaultdict(Counter)
    for words, terms in seen:
        for word in dict.fromkeys(words):
            together[word].update(list(dict.fromkeys(terms)))
    best = {word: counts.most_common(1)[0] for word, counts in together.items() if counts}
    return {
        word: term
        for word, (term, count) in best.items()
        if term != word and count >= least and count >= share * total[word]
    }
