"""WordNet's word lists and word frequencies, as the package `spacy-lookups-data` has them."""

import gzip
import json
import math
from functools import cache
from importlib.resources import files
from typing import Any


def words_of_kind(kind: str) -> list[str]:
    """WordNet's lower-case lemmas of a `noun`, `verb`, `adj` or `adv`."""
    words: list[str] = _table("lemma_index")[kind]
    return words


def irregular_forms(kind: str) -> dict[str, str]:
    """Irregular form -> lemma, of a `noun` or `verb`."""
    forms: dict[str, list[str]] = _table("lemma_exc")[kind]
    return {form: lemmas[0] for form, lemmas in forms.items()}


def word_probability() -> dict[str, float]:
    """Probability of each word in running text, as it is written: ``Dog`` beside ``dog``."""
    return {word: math.exp(float(log)) for word, log in _table("lexeme_prob").items()}


@cache
def word_frequency() -> dict[str, float]:
    """Log probability of each lower-cased word in running text."""
    frequency: dict[str, float] = {}
    for word, probability in _table("lexeme_prob").items():
        frequency[word.lower()] = max(frequency.get(word.lower(), -99.0), float(probability))
    return frequency


@cache
def _table(name: str) -> dict[str, Any]:
    path = files("spacy_lookups_data") / "data" / f"en_{name}.json.gz"
    table: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return table
