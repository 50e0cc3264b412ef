"""captions -> Facts, one for each, in order: any spaCy pipeline with a dependency parse."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

from ...schemas.facts import Facts
from .join_sentences import Sentence, join_sentences, name_pronouns
from .read_sentences import SentenceReader, sentence_reader

if TYPE_CHECKING:
    from spacy.language import Language

MAX_CAPTIONS = 1024
MAX_CHARACTERS = 200_000
"""A batch holds no more captions than this, and no more characters unless one caption does."""


def parse_captions(nlp: "Language", captions: Iterable[str]) -> Iterator[Facts]:
    """The facts of each caption, in order; no string raises, and one that says nothing has none.

    ``nlp`` is the shipped parser or any other spaCy pipeline with a dependency parse. Memory is
    bounded by a batch, however many captions there are. A batch is parsed on one core: to use
    more, run more processes.
    """
    for facts, _ in parse_sentences(nlp, captions):
        yield facts


def parse_sentences(
    nlp: "Language", captions: Iterable[str]
) -> Iterator[tuple[Facts, list[Sentence]]]:
    """The same, with the sentences of each caption and which of their words name which fact."""
    reader = sentence_reader(nlp)
    libraries = ThreadpoolController()
    for batch in _batches(captions):
        with nlp.memory_zone(), libraries.limit(limits=1, user_api="blas"), _no_collection():
            parsed = [(join_sentences(own), own) for own in _read_batch(reader, batch)]
        yield from parsed


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spare the collector the many objects of a batch: reference counts free them all."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


def _batches(captions: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for caption in captions:
        batch.append(caption or "")
        characters += len(batch[-1])
        if len(batch) >= MAX_CAPTIONS or characters >= MAX_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _read_batch(reader: SentenceReader, captions: list[str]) -> list[list[Sentence]]:
    """Parse each distinct sentence once; one that begins with a pronoun only when it has a name."""
    texts = [list(dict.fromkeys(reader.split(caption))) for caption in captions]
    parsed = reader.read(dict.fromkeys(chain.from_iterable(texts)))
    named = [name_pronouns(own, parsed) if len(own) > 1 else own for own in texts]
    parsed |= reader.read(text for text in chain.from_iterable(named) if text not in parsed)
    return [[parsed[text] for text in own] for own in named]
