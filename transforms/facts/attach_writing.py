"""Arcs after quoted words, where the rules of captions say what these hang on."""

from collections.abc import Iterable, Sequence

from ...models.arc_network import Arc
from ..text.clean_caption import QUOTE

_LETTERS = frozenset("letter letters lettering font script type print writing paint ink".split())
_FAR = 4
"""`it` is at most so many words behind the quotation: `painted on its side`."""


def attach_writing(words: Sequence[str], arcs: Sequence[Arc]) -> Sequence[Arc]:
    """Two kinds of arcs that hang on what bears quoted words, whatever the parser took for it.

    - `wall with the text " stop " in white letters`: the text is in letters, not the wall;
    - `man in a cap with the letters " ny " on it`: they are on the cap, before `with`.
    """
    quotes = [position for position, word in enumerate(words) if word == QUOTE]
    for opening, closing in zip(quotes[::2], quotes[1::2], strict=False):
        bearers = {arc.head for arc in arcs if arc.label == "attr" and opening < arc.word < closing}
        if len(bearers) == 1:
            bearer = bearers.pop()
            arcs = _in_letters(words, arcs, bearer, closing + 1)
            arcs = _on_it(words, arcs, bearer, closing + 1)
    return arcs


def _in_letters(words: Sequence[str], arcs: Sequence[Arc], bearer: int, after: int) -> list[Arc]:
    objects = {word for head, word, label in arcs if head == after and label[:3] == "obj"}
    letters = any(words[word] in _LETTERS for word in objects)
    return _with_end(arcs, "subj", after, bearer) if letters and words[after] == "in" else [*arcs]


def _on_it(words: Sequence[str], arcs: Sequence[Arc], bearer: int, after: int) -> list[Arc]:
    behind = [*words[after : after + _FAR]]
    before = [i for i in range(max(0, bearer - 3), bearer) if words[i] == "with"]
    if "it" not in behind or not before:
        return [*arcs]
    host, anchor = before[-1] - 1, after + behind.index("it") - 1
    named = {end for arc in arcs for end in arc[:2]}
    return _with_end(arcs, "obj", anchor, host) if host in named else [*arcs]


def _with_end(arcs: Iterable[Arc], kind: str, anchor: int, word: int) -> list[Arc]:
    """The arcs of this kind from an anchor, pointed at this word."""
    return [
        arc._replace(word=word) if arc.head == anchor and arc.label.split("=")[0] == kind else arc
        for arc in arcs
    ]
