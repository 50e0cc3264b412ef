"""Tables of canonical terms: English inflection from WordNet's lists, wording from gold graphs."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

from ...transforms.canonical_terms import singular, verb_lemma

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
    "data": "data", "media": "media", "leaves": "leaf", "skis": "ski", "taxis": "taxi",
    "buses": "bus", "busses": "bus", "mens": "man", "womens": "woman", "feet": "foot",
}  # fmt: skip
_VOWELS = "aeiou"


def _table(name: str) -> dict[str, object]:
    """One of the lists of the package `spacy-lookups-data`."""
    path = files("spacy_lookups_data") / "data" / f"en_{name}.json.gz"
    table: dict[str, object] = json.loads(gzip.decompress(path.read_bytes()))
    return table


def learn_inflection() -> tuple[dict[str, str], dict[str, str]]:
    """Noun and verb forms that the rules of `canonical_terms` would get wrong."""
    index, exceptions, probability = map(_table, ("lemma_index", "lemma_exc", "lexeme_prob"))
    tables = []
    for kind, rule, inflect in (("noun", singular, _plurals), ("verb", verb_lemma, _verb_forms)):
        best: dict[str, str] = {}
        words = sorted(index[kind], key=lambda word: -probability.get(word, -99.0))
        known = set(words)
        for word in words:
            plural = kind == "noun" and rule(word) != word and rule(word) in known
            if word.isalpha() and word.isascii() and not plural:
                for form in inflect(word):
                    best.setdefault(form, word)
        for form, lemmas in exceptions[kind].items():
            if form.isalpha() and probability.get(form, -99.0) > -19:
                best[form] = lemmas[0]
        common = {f: w for f, w in best.items() if probability.get(f, -99.0) > -18.0}
        tables.append({f: w for f, w in common.items() if rule(f) != w})
    return tables[0] | _NOUN_FIXES, tables[1] | _VERB_FIXES


def _plurals(noun: str) -> Iterator[str]:
    yield noun
    if noun.endswith(("s", "x", "z", "ch", "sh", "o")):
        yield noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        yield noun[:-1] + "ies"
    else:
        yield noun + "s"


def _verb_forms(verb: str) -> Iterator[str]:
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
        for word in set(words):
            together[word].update(set(terms))
    best = {word: counts.most_common(1)[0] for word, counts in together.items() if counts}
    return {
        word: term
        for word, (term, count) in best.items()
        if term != word and count >= least and count >= share * total[word]
    }
