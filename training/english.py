"""General English: how often each word is used, and as which kind of word."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, cached_property
from types import MappingProxyType

from spacy.lang.en.stop_words import STOP_WORDS

from .graphs.learn_lexicon import plural_forms, verb_forms
from .word_lists import irregular_forms, word_probability
from .wordnet import WordNet

KINDS = ("noun", "verb", "adj", "adv")
PARTICIPLE = "participle"
"""The kind of a word that is a form of a verb, and nothing else by itself."""

_USES: Mapping[str, Mapping[str, float]] = {
    "object": MappingProxyType({"noun": 1.0}),
    "quality": MappingProxyType({"adj": 1.0, PARTICIPLE: 0.3, "noun": 0.1}),
    "predicate": MappingProxyType({"verb": 1.0}),
}
"""The share of a kind's uses in which it is an object, a quality or a predicate."""

_FUNCTION_WORD = 0.05
"""The share of its uses in which a function word, such as ``can``, is another kind of word."""

_NAME = 0.7
"""The share of uses with a capital from which on a word counts as a name."""

_RAREST = 2e-9
"""The share of running text that a word has at least: less than any that was counted."""


class English:
    """The words of WordNet with their forms, and word frequencies of running text."""

    def __init__(self, wordnet: WordNet) -> None:
        self.wordnet = wordnet
        self._lower: dict[str, float] = defaultdict(float)
        self._capital: dict[str, float] = defaultdict(float)
        for word, probability in word_probability().items():
            self._lower[word.lower()] += probability
            if word[:1].isupper():
                self._capital[word.lower()] += probability

    @cached_property
    def words(self) -> list[str]:
        """All words of WordNet that consist of letters and hyphens, and the forms of its verbs."""
        forms = (form for form in self.verbs_of if self._lower.get(form))
        return sorted(word for word in {*self.wordnet.words, *forms} if _is_word(word))

    @cached_property
    def verbs_of(self) -> dict[str, list[str]]:
        """The verbs that each form may be of."""
        verbs: dict[str, list[str]] = defaultdict(list)
        for word in self.wordnet.words:
            if self.wordnet.senses(word, "verb"):
                for form in self._verb_forms(word):
                    verbs[form].append(word)
        return verbs

    def has(self, word: str) -> bool:
        """Return whether ``word`` is one of the language's, rightly spelt."""
        return _is_word(word) and (word in self.wordnet.words or word in self.verbs_of)

    def frequency(self, word: str) -> float:
        """Return the share of running text that is ``word``, in whatever case."""
        return self._lower.get(word, 0.0)

    def capital(self, word: str) -> float:
        """Return the share of the uses of ``word`` in which it has a capital."""
        uses = self.frequency(word)
        return self._capital.get(word, 0.0) / uses if uses else 0.0

    def is_name(self, word: str) -> bool:
        """Return whether ``word`` is mostly written with a capital, or has only senses with one."""
        senses = self.wordnet.words.get(word, ())
        only_names = bool(senses) and all(sense.is_name for sense in senses)
        return only_names or self.capital(word) > _NAME

    def kinds(self, word: str) -> dict[str, float]:
        """Return the share of each kind in the uses of ``word``, by WordNet's tagged texts."""
        weights = {
            kind: sum(sense.weight for sense in self.wordnet.senses(word, kind)) for kind in KINDS
        }
        if not weights["verb"] and word in self.verbs_of:
            weights[PARTICIPLE] = 1.0
        total = sum(weights.values())
        return {kind: weight / total for kind, weight in weights.items() if weight}

    def uses(self, word: str, role: str) -> float:
        """Return the share of running text in which ``word`` has a role, in any of its forms."""
        kinds = self.kinds(word)
        share = sum(kinds.get(kind, 0.0) * part for kind, part in _USES[role].items())
        if word in STOP_WORDS:
            share *= _FUNCTION_WORD
        return share * max(_RAREST, sum(map(self.frequency, self._forms(word, role))))

    def _forms(self, word: str, role: str) -> set[str]:
        if role == "object":
            return {word, list(plural_forms(word))[-1], *_forms_of("noun").get(word, ())}
        return self._verb_forms(word) if role == "predicate" else {word}

    def _verb_forms(self, word: str) -> set[str]:
        return {*verb_forms(word), *_forms_of("verb").get(word, ())}


@cache
def _forms_of(kind: str) -> dict[str, list[str]]:
    """Lemma -> its irregular forms."""
    forms: dict[str, list[str]] = defaultdict(list)
    for form, lemma in irregular_forms(kind).items():
        forms[lemma].append(form)
    return forms


def _is_word(text: str) -> bool:
    return text.isascii() and text.replace("-", "").isalpha() and len(text) > 1
