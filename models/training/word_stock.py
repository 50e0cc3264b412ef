"""Words and what they can be, from WordNet's lists: what augmented captions are made of."""

from .augment_trees import WordStock
from .learn_lexicon import _plurals, _table, _verb_forms

KINDS = ("noun", "plural", "verb", "third", "ing", "ed", "adj", "adv")
"""What a word can be; WordNet lists a word under several."""


def word_kinds() -> dict[str, list[float]]:
    """Each listed word's flags, in the order of `KINDS`."""
    index = _table("lemma_index")
    flags: dict[str, list[float]] = {}

    def mark(word: str, kind: str) -> None:
        if word.isascii() and word.replace("-", "").isalpha():
            flags.setdefault(word, [0.0] * len(KINDS))[KINDS.index(kind)] = 1.0

    for noun in index["noun"]:
        mark(noun, "noun")
        for form in list(_plurals(noun))[-1:]:
            mark(form, "plural")
    for verb in index["verb"]:
        base, third, *rest = _verb_forms(verb)
        mark(base, "verb")
        mark(third, "third")
        for form in rest:
            mark(form, "ing" if form.endswith("ing") else "ed")
    for kind in ("adj", "adv"):
        for word in index[kind]:
            mark(word, kind)
    exceptions = _table("lemma_exc")
    for form in exceptions["noun"]:
        mark(form, "plural")
    for form in exceptions["verb"]:
        mark(form, "ed")
    return flags


def word_frequency() -> dict[str, float]:
    """Log probability of each lower-cased word in running text."""
    frequency: dict[str, float] = {}
    for word, probability in _table("lexeme_prob").items():
        frequency[word.lower()] = max(frequency.get(word.lower(), -99.0), probability)
    return frequency


def word_stock(*, held_out: bool = False) -> WordStock:
    """Modifiers and nouns by frequency; every tenth modifier is kept for tests (`held_out`)."""
    kinds, frequency = word_kinds(), word_frequency()
    ranked = sorted(
        (w for w in kinds if frequency.get(w, -99.0) > -17.5), key=lambda w: -frequency[w]
    )
    flag = {kind: i for i, kind in enumerate(KINDS)}

    def of_kind(kind: str, *without: str) -> list[str]:
        return [
            w
            for w in ranked
            if len(w) > 3 and kinds[w][flag[kind]] and not any(kinds[w][flag[o]] for o in without)
        ]

    modifiers = of_kind("adj", "noun", "verb", "adv")
    kept = [w for i, w in enumerate(modifiers) if (i % 10 == 9) == held_out]
    return WordStock(
        kept,
        of_kind("noun", "adj", "verb", "plural")[:9000],
        of_kind("plural", "noun", "verb", "third")[:5000],
    )
