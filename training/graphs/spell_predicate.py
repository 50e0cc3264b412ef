"""The words of a gold predicate -> where the caption spells them between two objects.

A predicate so found is a tuple of (position, term) pairs, the term empty where the word's own
lemma says it.
"""

from collections.abc import Sequence, Set

from .align_terms import Matches, Span
from .scene_graphs import Term

Predicate = tuple[tuple[int, str], ...]

SILENT = frozenset(
    'a an the is are was were be been being , | . " there this that these those it its some'.split()
)

PREPOSITIONS = frozenset(
    "in on at of to with by from over under off up out into onto upon for near through down "
    "around across along against behind above below between beside inside along toward towards "
    "about after before next atop within among amid beneath underneath outside past via".split()
)

_MISSING = 10.0
"""The cost of a word that the caption lacks: more than most distances within a sentence."""
_APART = 11.0
"""Of a word beyond an object while others are between the two: rather a missing word than that."""
_OUTSIDE = 2.0
"""Of a word that is not between the objects: `the sofa the man is sitting on`."""
_TO_OBJECT = 0.1
"""Of each word between the predicate and the later object: it only decides between equals."""
_BEFORE, _AFTER = 3, 2
"""How far before the first found word, and after the last, a preposition may stand for others."""


def spell_predicate(
    words: Sequence[str],
    predicate: Term,
    subject: Span,
    object_: Span,
    blocked: Set[int],
    matches: Matches,
) -> Predicate:
    """The predicate's words in their order; those not found become part of a neighbour."""
    best: tuple[float, list[int | None]] | None = None
    lo, hi = min(subject[-1], object_[-1]), max(subject[-1], object_[-1])
    for path in _paths(words, predicate, blocked, 0, matches):
        hits = [p for p in path if p is not None]
        if not hits:
            continue
        outside = sum(1 for p in hits if not lo < p < hi)
        far = sum(max(0, lo - p, p - hi) for p in hits)
        spread = hits[-1] - hits[0]
        split = (_APART if lo < hits[0] < hi else _OUTSIDE) * outside
        missing = _MISSING * (len(path) - len(hits))
        cost = missing + split + far + spread + (hi - hits[-1]) * _TO_OBJECT
        weight = sum(words[p] not in SILENT for p in hits)
        if weight and (best is None or cost < best[0]):
            best = cost, path
    return _complete(words, predicate, best[1], blocked) if best else ()


def _paths(
    words: Sequence[str], predicate: Term, blocked: Set[int], start: int, matches: Matches
) -> list[list[int | None]]:
    if not predicate:
        return [[]]
    paths: list[list[int | None]] = []
    for i in range(start, len(words)):
        stray = words[i] in {"the", "a"} and (start == 0 or i != start)
        if i not in blocked and not stray and matches(words[i], predicate[0]):
            rest = _paths(words, predicate[1:], blocked, i + 1, matches)
            paths += [[i, *others] for others in rest]
    rest = _paths(words, predicate[1:], blocked, start, matches)
    paths += [[None, *others] for others in rest]
    return paths


def _complete(
    words: Sequence[str], predicate: Term, path: list[int | None], blocked: Set[int]
) -> Predicate:
    """Give each word that was not found to a free word at its place, or to a neighbour."""
    terms: dict[int, list[str]] = {p: [] for p in path if p is not None}
    changed: set[int] = set()
    pending: list[str] = []
    last: int | None = None
    for word, position in zip(predicate, path, strict=True):
        if position is None:
            pending.append(word)
            continue
        if pending:
            free = _free(
                words,
                (last if last is not None else position - _BEFORE) + 1,
                position,
                blocked,
                set(terms),
            )
            if free is not None:
                terms[free] = pending
                changed.add(free)
            else:
                terms[position] += pending
                changed.add(position)
            pending = []
        terms[position].append(word)
        last = position
    if pending and last is not None:
        free = _free(words, last + 1, min(len(words), last + 1 + _AFTER), blocked, set(terms))
        if free is None:
            terms[last] += pending
            changed.add(last)
        else:
            terms[free] = pending
            changed.add(free)
    return tuple((p, " ".join(terms[p]) if p in changed else "") for p in sorted(terms))


def _free(
    words: Sequence[str], start: int, stop: int, blocked: Set[int], used: Set[int]
) -> int | None:
    for i in range(max(0, start), stop):
        if i not in blocked and i not in used and words[i] in PREPOSITIONS:
            return i
    return None
