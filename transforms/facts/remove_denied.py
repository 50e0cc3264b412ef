"""The arcs of an affirmative sentence, less what the sentence itself denies."""

from collections.abc import Iterable, Iterator, Sequence

from ...models.arc_network import Arc
from ..text.clean_caption import PART, QUOTE
from .affirm import PREPOSITIONS, Affirmative, Denial

_ENDS = frozenset({",", PART, QUOTE, "but", "while", "and", "or", "nor"})
_ALTERNATIVES = frozenset({"or", "nor"})
_RELATIVE = frozenset({"that", "which", "who"})
_VERBS = _RELATIVE | frozenset("is are was were has have can".split())
_BEFORE_CLAIMS = frozenset(
    "is are was were be been being very fully quite yet even really so".split()
)
"""Words that may stand between `not` and what it denies."""
_KNOWN = frozenset({"the", "this", "that", "these", "those"})
"""`not on the table`: there is a table."""


def remove_denied(said: Affirmative, arcs: Iterable[Arc]) -> list[Arc] | None:
    """What is left of the arcs of the affirmative words, in positions of the sentence itself.

    None if no arc holds what is denied: then the sentence is to be parsed as it stands.
    """
    left = _Arcs(said.words, arcs)
    if not all(left.deny(denial) for denial in said.denials):
        return None
    return sorted(
        Arc(said.origins[head], said.origins[word], label) for head, word, label in left.arcs
    )


class _Arcs:
    def __init__(self, words: Sequence[str], arcs: Iterable[Arc]) -> None:
        self.words, self.arcs = words, set(arcs)

    def deny(self, denial: Denial) -> bool:
        """Take away what is denied; return whether it was found."""
        return self._deny_claim(denial) if denial.claim else self._deny_thing(denial.start)

    def _deny_thing(self, start: int) -> bool:
        """The next noun and those that `or` joins to it."""
        item = next((i for i in self._phrase(start) if i in self._objects()), None)
        if item is None:
            return False
        self._remove(item)
        after = [*self._phrase(item)][-1] + 1
        if self.words[after : after + 1] and self.words[after] in _ALTERNATIVES:
            self._deny_thing(after + 1)
        return True

    def _phrase(self, start: int) -> Iterator[int]:
        """The positions of a noun phrase whose first word may be `with` or `has`."""
        for position in range(start, len(self.words)):
            if position > start and self.words[position] in _ENDS | _VERBS | PREPOSITIONS:
                return
            yield position

    def _deny_claim(self, denial: Denial) -> bool:
        """The next attribute, or the next predicate with the indefinite things it is about."""
        for position in range(denial.start, len(self.words)):
            word = self.words[position]
            if position > denial.start and word in _ENDS:
                return False
            said = {arc for arc in self._to(position, "attr") if arc.head < position}
            anchor = self._anchor(position)
            if said:
                self.arcs -= said
                self._keep(arc.head for arc in said)
                return True
            if anchor is not None:
                self._deny_predicate(anchor)
                return True
            if not denial.later and word not in _BEFORE_CLAIMS:
                return False
        return False

    def _anchor(self, position: int) -> int | None:
        """The last word of the predicate that this word belongs to."""
        if self._from(position, "subj"):
            return position
        return min((arc.head for arc in self._to(position, "pred")), default=None)

    def _deny_predicate(self, anchor: int) -> None:
        subjects = [arc.word for arc in self._from(anchor, "subj")]
        objects = [arc.word for arc in self._from(anchor, "obj")]
        self.arcs -= self._from(anchor, "subj", "obj", "pred", "self")
        self._keep(subjects)
        for item in objects:
            if self._is_known(item):
                self._keep([item])
            else:
                self._remove(item, subjects)

    def _remove(self, item: int, hosts: Iterable[int] = ()) -> None:
        """An object and all that is said of it.

        Where the parser took what follows for the denied thing's, it is that of the thing which
        lacks it (`pizza without toppings on a table`): of ``hosts`` or of its predicates' subjects.
        """
        heads = {arc.head for arc in self._to(item, "obj")}
        placed = {arc.head for arc in self._to(item, "subj")}
        hosts = {*hosts, *(arc.word for head in heads - placed for arc in self._from(head, "subj"))}
        hosts |= {arc.head for arc in self._to(item, "to")}
        others = {arc.word for head in heads | placed for arc in self._from(head, "subj", "obj")}
        others |= {arc.word for arc in self._from(item, "to")}
        self.arcs = {arc for arc in self.arcs if item not in (arc.head, arc.word)}
        for anchor in placed:
            if self._is_of_host(anchor, item) and not self._from(anchor, "subj"):
                self.arcs |= {Arc(anchor, host, "subj") for host in hosts}
        self._keep(others - {item})

    def _is_of_host(self, anchor: int, item: int) -> bool:
        """Whether a predicate is of what lacks the thing: a participle could be of the thing."""
        first = min([anchor, *(arc.word for arc in self._from(anchor, "pred"))])
        relative = self.words[item + 1 : item + 2]
        return (
            first > item
            and not self.words[first].endswith(("ing", "ed"))
            and _RELATIVE.isdisjoint(relative)
        )

    def _keep(self, items: Iterable[int]) -> None:
        """Name these objects, of which perhaps nothing is said any more."""
        self.arcs |= {Arc(item, item, "object") for item in items}

    def _is_known(self, item: int) -> bool:
        start = item
        while start and any(arc.word == start - 1 for arc in self._from(item, "attr", "compound")):
            start -= 1
        return start > 0 and self.words[start - 1] in _KNOWN

    def _objects(self) -> set[int]:
        named = {arc.head for arc in self.arcs if _kind(arc) in {"object", "attr", "to"}}
        return named | {arc.word for arc in self.arcs if _kind(arc) in {"subj", "obj", "to"}}

    def _from(self, head: int, *kinds: str) -> set[Arc]:
        return {arc for arc in self.arcs if arc.head == head and _kind(arc) in kinds}

    def _to(self, word: int, *kinds: str) -> set[Arc]:
        return {arc for arc in self.arcs if arc.word == word and _kind(arc) in kinds}


def _kind(arc: Arc) -> str:
    return arc.label.partition("=")[0]
