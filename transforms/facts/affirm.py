"""Sentences that deny something -> what they would say without the denial, and what they deny.

`a man not wearing a hat rides a horse` becomes `a man wearing a hat rides a horse`, in which the
claim that begins at `wearing` is denied. A parser errs less on the affirmative sentence; what is
denied is taken away from its arcs (`remove_denied.py`).
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..text.clean_caption import QUOTE

_CLAIMS = {
    "not": "",
    "never": "",
    "isn't": "is",
    "aren't": "are",
    "wasn't": "was",
    "weren't": "were",
    "doesn't": "",
    "neither": "the",
    "none": "all",
}
"""Words before a claim that they deny, and what stands for them in the affirmative."""
_THINGS = {"no": "", "without": "with", "lacking": "with", "lacks": "has", "lack": "have"}
"""The same before a thing. What contracts otherwise (`don't`, `can't`) is mostly in slogans."""
_HELPING = frozenset("do does did has have had".split())
"""Verbs that go with the denial: `does not lie`, `has not crossed`."""
ARTICLES = frozenset({"a", "an", "the", "any", "single", "one"})
_NO_DENIAL = frozenset("only just to sure unlike".split())
"""`not only a dog`, `not to mention a dog`, `not unlike a dog`."""
_FINITE = frozenset("is are was were can has have".split())
_BEFORE_NO = _FINITE | {"with", "and", "but", "or", ",", "there's", "see"}
_BEFORE_NOT = _FINITE | {*_HELPING, ",", "but", "and", "who", "that"}
PREPOSITIONS = frozenset(
    "in on at of to with by from for over under off near through down around across along against "
    "behind above below between beside inside toward towards about among outside".split()
)


class Denial(NamedTuple):
    start: int
    """Where the denied begins, in the affirmative words."""
    claim: bool
    """Whether a claim is denied (`not on the table`), else the thing that is named next."""
    later: bool
    """Whether the claim's own subject comes first (`neither man wears a hat`)."""


class Affirmative(NamedTuple):
    words: list[str]
    origins: list[int]
    """The position of each word in the sentence itself."""
    denials: list[Denial]


def affirm(words: Sequence[str]) -> Affirmative | None:
    """The sentence without its denials, None if it has none; quoted words deny nothing."""
    if _CLAIMS.keys().isdisjoint(words) and _THINGS.keys().isdisjoint(words):
        return None
    said = Affirmative([], [], [])
    quoted = False
    position = 0
    while position < len(words):
        quoted ^= words[position] == QUOTE
        if not quoted and _denies(words, position):
            position = _affirm_one(said, words, position)
        else:
            said.words.append(words[position])
            said.origins.append(position)
            position += 1
    return said if said.denials else None


def _affirm_one(said: Affirmative, words: Sequence[str], position: int) -> int:
    """Put the affirmative of the word at this position; return where the sentence goes on."""
    word, after = words[position], position + 1
    claim = word in _CLAIMS and words[after] != "have" and words[after] not in ARTICLES
    helping = claim or words[after] == "have"
    if word == "not" and helping and not _HELPING.isdisjoint(said.words[-1:]):
        del said.words[-1], said.origins[-1]
    said.denials.append(Denial(len(said.words), claim, word in {"neither", "none"}))
    instead = _CLAIMS.get(word) or _THINGS.get(word)
    if instead:
        said.words.append(instead)
        said.origins.append(position)
    while not claim and after < len(words) and words[after] in ARTICLES:
        after += 1
    return after


def _denies(words: Sequence[str], position: int) -> bool:
    """Whether a word denies what follows, as `no` does not in `no parking` or in a slogan."""
    word, after = words[position], words[position + 1] if position + 1 < len(words) else ""
    before = words[position - 1] if position else ""
    if not after or after in _NO_DENIAL:
        return False
    if word == "no":
        lead = before in _BEFORE_NO or before.endswith("ing")
        opens = not before and not _FINITE.isdisjoint(words)
        return (lead or opens) and after.isalpha() and not after.endswith("ing") and after != "one"
    if word == "not":
        leads = before in _BEFORE_NOT or after.endswith("ing")
        return leads or after in ARTICLES | PREPOSITIONS
    if word == "never":
        return after.endswith("ing")
    if word == "none":
        return after == "of"
    return word in _CLAIMS or word in _THINGS
