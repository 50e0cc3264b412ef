"""A caption's words and a gold term -> the positions where the caption says it."""

from collections.abc import Callable, Iterator, Sequence

Span = tuple[int, ...]
Matches = Callable[[str, str], bool]
_REACH = 4


def find_term(words: Sequence[str], term: Sequence[str], matches: Matches) -> list[Span]:
    """Every way to find a term's words among the caption's, closest together first.

    Also finds `cellphone` in `cell phone` and `hot dog` in `hotdog`.
    """
    spans = list(_in_order(words, term, 0, matches))
    if not spans and len(term) > 1:
        spans = [
            (i,) for i, word in enumerate(words) if matches(word.replace("-", ""), "".join(term))
        ]
        spans = spans or list(_in_order(words, term[::-1], 0, matches))
    if not spans and len(term) == 1:
        spans = [
            (i, i + 1)
            for i in range(len(words) - 1)
            if matches(words[i] + words[i + 1], term[0].replace("-", ""))
        ]
    return sorted((tuple(sorted(span)) for span in spans), key=lambda span: span[-1] - span[0])


def _in_order(
    words: Sequence[str],
    term: Sequence[str],
    start: int,
    matches: Matches,
    reach: int | None = None,
) -> Iterator[Span]:
    stop = len(words) if reach is None else min(len(words), start + reach)
    for i in range(start, stop):
        if matches(words[i], term[0]):
            if len(term) == 1:
                yield (i,)
            else:
                for rest in _in_order(words, term[1:], i + 1, matches, _REACH):
                    yield (i, *rest)
