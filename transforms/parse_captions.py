"""captions -> Facts, one for each, in order: any spaCy pipeline with a dependency parse."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from ..schemas.facts import Facts
from .canonical_terms import Lexicon
from .clean_caption import clean_caption
from .extract_facts import Mentions, Role, extract_facts

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

BATCH = 512
"""Captions to a batch: what is held in memory at a time."""


def parse_captions(nlp: "Language", captions: Iterable[str]) -> Iterator[Facts]:
    """The facts of each caption, in order; no string raises, an empty one has none.

    Memory is bounded by a batch of captions, however many there are.
    """
    source = iter(captions)
    while batch := list(islice(source, BATCH)):
        with nlp.memory_zone():
            facts = _parse_batch(nlp, batch)
        yield from facts


def _parse_batch(nlp: "Language", captions: list[str]) -> list[Facts]:
    lexicon = Lexicon(**nlp.meta["lexicon"])
    sentences = [clean_caption(caption or "") for caption in captions]
    distinct = list(dict.fromkeys(chain.from_iterable(sentences)))
    parsed = {
        sentence: _mentions(doc, lexicon)
        for sentence, doc in zip(distinct, nlp.pipe(distinct), strict=True)
    }
    return [_merge([parsed[sentence] for sentence in own]).facts() for own in sentences]


def _mentions(doc: "Doc", lexicon: Lexicon) -> Mentions:
    words = [token.text for token in doc]
    heads = [token.head.i for token in doc]
    return extract_facts(words, heads, [Role.of(token.dep_) for token in doc], lexicon)


def _merge(parts: list[Mentions]) -> Mentions:
    merged = Mentions([], [], [])
    for part in parts:
        for whole, own in zip(merged, part, strict=True):
            whole.extend(own)
    return merged
