"""How much each term shows of a picture, by who uses it: people who describe pictures, or anyone.

With d for a term's share of all mentions in descriptions, and w for its share in the web at large
(half alt-texts, half general English where the term is one word), its visibility is

    v = (d + k v0) / (d + l w + k)

where k is _BACK_OFF, l is _WEB_WEIGHT, and v0 the visibility of words of its kind: a logistic
regression from the categories of a word's senses in WordNet. Names, and words that are not English,
have the v0 of UNKNOWN_VISIBILITY; a term of several words has that of its words.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ..schemas.facts import Facts
from ..transforms.information.terms import ROLES, UNKNOWN_VISIBILITY, Role, visibility_of
from .english import KINDS, PARTICIPLE, English

_BACK_OFF = 5e-5
"""The share of mentions from which on a term's own uses weigh more than its kind."""

_WEB_WEIGHT = 0.4
"""What a use in the web weighs against one in a description: the web names what shows, too."""

_ALT_TEXT = 0.5
"""The weight of alt-texts in the web at large; the rest is general English."""

_TEMPERING = 1e-4
"""The share of mentions from which on frequent terms weigh no more than others in v0."""

_EXAMPLES = 50.0
"""What all words together weigh against the penalty on the coefficients of v0."""

_COMMON_CATEGORIES = 25
"""The number of words that a category must have."""

Mentions = Mapping[Role, Counter[str]]
"""The mentions of each term, by role."""


def mentions(facts: Iterable[Facts]) -> Mentions:
    """Count the objects, qualities and predicates of captions."""
    counts: dict[Role, Counter[str]] = {role: Counter() for role in ROLES}
    for one in facts:
        counts["object"].update(one.objects)
        counts["quality"].update(attribute for _, attribute in one.attributes)
        counts["predicate"].update(predicate for _, predicate, _ in one.relations)
    return counts


@dataclass(frozen=True)
class Vocabulary:
    """The words of English, with what WordNet and running text say of them."""

    words: list[str]
    is_name: npt.NDArray[np.bool_]
    """Whether each word is a name, and as visible as an unknown word."""
    matrices: Mapping[Role, csr_matrix]
    """Role -> the features of each word, a row for each."""
    shares: Mapping[Role, Mapping[str, float]]
    """Role -> word -> its share of all uses of words in that role in running text."""


def read_vocabulary(english: English) -> Vocabulary:
    """Gather the features and the frequencies of all words of English."""
    words = english.words
    matrices, shares = {}, {}
    for role in ROLES:
        features = (word_features(english, word, role) for word in words)
        matrix = DictVectorizer(dtype=np.float32).fit_transform(features)
        has_common = (matrix != 0).sum(axis=0).A1 >= _COMMON_CATEGORIES
        matrices[role] = matrix[:, has_common]
        uses = {word: english.uses(word, role) for word in words}
        total = sum(uses.values())
        shares[role] = {word: use / total for word, use in uses.items()}
    is_name = np.array([english.is_name(word) for word in words])
    return Vocabulary(words, is_name, matrices, shares)


def word_features(english: English, word: str, role: Role) -> dict[str, float]:
    """Return the shares of a word's uses in each kind of word and each category of WordNet."""
    kinds = english.kinds(word)
    features = {f"is {kind}": share for kind, share in kinds.items()}
    features["capital"] = english.capital(word)
    for kind, share in _senses_of(kinds, role):
        lemmas = [word, *english.verbs_of.get(word, ())] if kind == "verb" else [word]
        senses = [s for lemma in lemmas for s in english.wordnet.senses(lemma, kind)]
        total = sum(sense.weight for sense in senses)
        for sense in senses:
            part = share * sense.weight / total
            for category in english.wordnet.kinds(sense.synset):
                features[category] = features.get(category, 0.0) + part
    return features


def _senses_of(kinds: Mapping[str, float], role: Role) -> Iterator[tuple[str, float]]:
    """Yield the kinds of senses that matter for a role, with their shares."""
    if role != "quality":
        yield ("noun" if role == "object" else "verb"), 1.0
        return
    for kind in KINDS:
        share = kinds.get(kind, 0.0) + (kinds.get(PARTICIPLE, 0.0) if kind == "verb" else 0.0)
        if share:
            yield kind, share


def learn_visibility(
    vocabulary: Vocabulary, described: Mentions, web: Mentions
) -> dict[Role, dict[str, float]]:
    """Return the visibility of every word of English, and of every term that was mentioned."""
    return {role: _learn(vocabulary, role, described[role], web[role]) for role in ROLES}


def _learn(
    vocabulary: Vocabulary, role: Role, described: Counter[str], web: Counter[str]
) -> dict[str, float]:
    rates = _Rates(described, web, vocabulary.shares[role])
    words = vocabulary.words
    own = np.array([rates.of(word) for word in words])
    base = _of_kinds(vocabulary.matrices[role], own)
    base[vocabulary.is_name] = UNKNOWN_VISIBILITY
    of_word = {
        word: _backed_off(*rates.of(word), v0)
        for word, v0 in zip(words, base.tolist(), strict=True)
    }
    others = sorted(({*described, *web}) - of_word.keys())
    composed = {term: visibility_of(term, role, of_word) for term in others}
    return of_word | {t: _backed_off(*rates.of(t), v0) for t, v0 in composed.items()}


@dataclass(frozen=True)
class _Rates:
    described: Counter[str]
    web: Counter[str]
    english: Mapping[str, float]

    def of(self, term: str) -> tuple[float, float]:
        """Return a term's share of the mentions in descriptions, and in the web at large."""
        described = self.described[term] / self.described.total()
        web = self.web[term] / self.web.total()
        if term in self.english:
            web = _ALT_TEXT * web + (1 - _ALT_TEXT) * self.english[term]
        return described, web


def _backed_off(described: float, web: float, v0: float) -> float:
    return (described + _BACK_OFF * v0) / (described + _WEB_WEIGHT * web + _BACK_OFF)


def _of_kinds(features: csr_matrix, rates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of descriptions in the uses of words of each word's categories."""
    total = rates.sum(axis=1)
    used = np.flatnonzero(total)
    weights = rates[used] / (total[used] + _TEMPERING)[:, None]
    weights *= _EXAMPLES / weights.sum()
    rows = np.concatenate([used, used])
    is_described = np.repeat([1, 0], len(used))
    with threadpool_limits(1):
        model = LogisticRegression(max_iter=1000)
        model.fit(features[rows], is_described, weights.T.ravel())
    shares: npt.NDArray[np.float64] = model.predict_proba(features)[:, 1]
    return shares
