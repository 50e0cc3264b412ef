"""Sentences with slips of the pen -> the words that were meant, where there is little doubt.

A word that no list knows becomes the common caption word that is one letter away (one left out,
put in, changed, or two swapped). Only words in lower case are touched: names are no slips.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

MIN_LENGTH, MAX_LENGTH = 5, 20
"""How long a slip can be."""
_LITTLE = ("the", "with", "in", "on", "of", "a")


class Speller:
    """``known`` words are left alone; ``common`` ones, with their counts, are what may be meant."""

    def __init__(self, known: Collection[str], common: Mapping[str, int]) -> None:
        self._known = known
        self._common = common
        self._near: dict[str, list[str]] = defaultdict(list)
        for word in common:
            if len(word) >= MIN_LENGTH - 1:
                for form in {word, *_shortened(word)}:
                    self._near[form].append(word)

    def correct(self, sentence: str, caption: str) -> str:
        """The sentence with its slips mended; ``caption`` still has its capitals."""
        words = sentence.split(" ")
        odd = [word for word in words if len(word) >= MIN_LENGTH and word not in self._known]
        meant = {
            word: better
            for word in odd
            if len(word) <= MAX_LENGTH
            and word.isalpha()
            and word in caption
            and (better := self.meant(word))
        }
        return " ".join(meant.get(word, word) for word in words) if meant else sentence

    def meant(self, word: str) -> str | None:
        """What an unknown word was meant to be."""
        close = {
            candidate
            for form in (word, *_shortened(word))
            for candidate in self._near.get(form, ())
            if _one_apart(word, candidate)
        }
        if close:
            return max(close, key=lambda w: (w[0] == word[0], self._common[w], w))
        return next(self._halves(word), None)

    def _halves(self, word: str) -> Iterator[str]:
        """`insky`: a small word and a common one without the space between them."""
        for little in _LITTLE:
            if word.startswith(little) and word[len(little) :] in self._common:
                yield f"{little} {word[len(little) :]}"
            if word.endswith(little) and word[: -len(little)] in self._common:
                yield f"{word[: -len(little)]} {little}"


def _shortened(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


def _one_apart(word: str, other: str) -> bool:
    if len(word) != len(other):
        short, long = sorted((word, other), key=len)
        return short in _shortened(long)
    differ = [i for i, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(differ) == 2:
        i, j = differ
        return j == i + 1 and word[i] == other[j] and word[j] == other[i]
    return len(differ) == 1
