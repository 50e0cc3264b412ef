"""Words and what they can be, from WordNet's lists: what augmented captions are made of."""

from collections.abc import Mapping

from .augment_examples import WordStock
from .graphs.learn_lexicon import plural_forms, verb_forms
from .word_lists import irregular_forms, word_frequency, words_of_kind

_RARE = -17.5
"""Log probability up to which a word is too rare to be taken."""


def word_kinds() -> dict[str, set[str]]:
    """What each listed word can be: noun, plural, verb, third (person), ing, ed, adj, adv."""
    kinds: dict[str, set[str]] = {}

    def mark(word: str, kind: str) -> None:
        if word.isascii() and word.replace("-", "").isalpha():
            kinds.setdefault(word, set()).add(kind)

    for noun in words_of_kind("noun"):
        mark(noun, "noun")
        mark(list(plural_forms(noun))[-1], "plural")
    for verb in words_of_kind("verb"):
        base, third, *rest = verb_forms(verb)
        mark(base, "verb")
        mark(third, "third")
        for form in rest:
            mark(form, "ing" if form.endswith("ing") else "ed")
    for kind in ("adj", "adv"):
        for word in words_of_kind(kind):
            mark(word, kind)
    for form in irregular_forms("noun"):
        mark(form, "plural")
    for form in irregular_forms("verb"):
        mark(form, "ed")
    return kinds


def word_stock(*, held_out: bool = False) -> WordStock:
    """Modifiers and nouns by frequency; every tenth modifier is kept for tests (`held_out`)."""
    kinds, frequency = word_kinds(), word_frequency()
    ranked = sorted(
        (word for word in kinds if frequency.get(word, -99.0) > _RARE),
        key=lambda word: (-frequency[word], word),
    )

    def of_kind(kind: str, *without: str) -> list[str]:
        return [
            word
            for word in ranked
            if len(word) > 3 and kind in kinds[word] and kinds[word].isdisjoint(without)
        ]

    modifiers = of_kind("adj", "noun", "verb", "adv")
    return WordStock(
        [word for i, word in enumerate(modifiers) if (i % 10 == 9) == held_out],
        of_kind("noun", "adj", "verb", "plural")[:9000],
        of_kind("plural", "noun", "verb", "third")[:5000],
    )


def spelling_words(counts: Mapping[str, int]) -> dict[str, int]:
    """Words that are rightly spelt, in order, with the counts of those common in captions."""
    kinds, frequency = word_kinds(), word_frequency()
    known = {word for word in kinds if frequency.get(word, -99.0) > -18.0}
    known |= {word for word, log in frequency.items() if log > -14.5 and word.isalpha()}
    often = {word: count for word, count in counts.items() if count >= 8}
    meant = {w: n for w, n in often.items() if len(w) >= 4 and (w in kinds or n >= 30)}
    return {word: meant.get(word, 0) for word in sorted(known | set(often)) if len(word) >= 4}
