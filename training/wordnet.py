"""WordNet's senses: the categories that a word belongs to, and how often it is meant so."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_KINDS = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
_LETTERS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
_UP = frozenset({"@", "@i", "=", "\\"})
"""Pointers up: to a hypernym, the noun that an adjective gives a value of, the noun that it
pertains to. ``&`` leads from an adjective to the one that it is like, and from that one back."""

Synset = tuple[str, str]
"""A kind of word and the offset in its file."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One sense of a word."""

    synset: Synset
    weight: float
    """One more than its uses in tagged texts, divided by the number of the sense."""
    is_name: bool
    """Whether the word has a capital in this sense, as ``London`` has."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A synset: its words as they are written, its category, the synsets above it."""

    words: frozenset[str]
    category: str
    above: tuple[Synset, ...]


@dataclass(frozen=True)
class WordNet:
    """The database of a folder with WordNet's ``index.sense`` and ``data`` files (3.0 or 3.1)."""

    folder: Path
    _kinds: dict[Synset, frozenset[str]] = field(default_factory=dict, repr=False)

    def senses(self, word: str, kind: str) -> list[Sense]:
        """Return the senses of a lower-case word as a ``noun``, ``verb``, ``adj`` or ``adv``."""
        return [sense for sense in self.words.get(word, ()) if sense.synset[0] == kind]

    @cached_property
    def words(self) -> dict[str, list[Sense]]:
        """The senses of each word, without words of several parts."""
        words: dict[str, list[Sense]] = defaultdict(list)
        for line in (self.folder / "index.sense").read_text("utf-8").splitlines():
            key, offset, number, uses = line.split()
            word, _, rest = key.partition("%")
            if "_" not in word:
                synset = (_KINDS[rest[0]], offset)
                is_name = word not in self._synsets[synset].words
                words[word].append(Sense(synset, (1 + int(uses)) / int(number), is_name))
        return {word: words[word] for word in sorted(words)}

    def kinds(self, synset: Synset) -> frozenset[str]:
        """Return all that a synset is a kind of, itself included, by the name of each."""
        if synset not in self._kinds:
            self._kinds[synset] = frozenset(self._walk(synset))
        return self._kinds[synset]

    def _walk(self, synset: Synset) -> Iterator[str]:
        left, seen = [synset], {synset}
        while left:
            at = left.pop()
            yield "-".join(at)
            yield f"{at[0]} category {self._synsets[at].category}"
            for above in self._synsets[at].above:
                if above not in seen:
                    seen.add(above)
                    left.append(above)

    @cached_property
    def _synsets(self) -> dict[Synset, _Entry]:
        return {
            (kind, line[:8]): _read(line)
            for kind in sorted(set(_KINDS.values()))
            for line in (self.folder / f"data.{kind}").read_text("utf-8").splitlines()
            if not line.startswith("  ")
        }


def _read(line: str) -> _Entry:
    """Read a line of a data file: offset, category, kind, words, pointers | gloss."""
    parts = line.partition(" | ")[0].split()
    end = 4 + 2 * int(parts[3], 16)
    words = frozenset(word.partition("(")[0] for word in parts[4:end:2])
    fields = parts[end + 1 : end + 1 + 4 * int(parts[end])]
    pointers = zip(fields[::4], fields[1::4], fields[2::4], strict=True)
    followed = _UP | {"&"} if parts[2] == "s" else _UP
    above = tuple((_LETTERS[kind], to) for sign, to, kind in pointers if sign in followed)
    return _Entry(words, parts[1], above)
