"""Sentences -> their facts, by the decoder that fits a spaCy pipeline."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ...models.load_parser import LEXICON, shipped_lexicon, shipped_words
from ..text.clean_caption import clean_caption, plain_text
from ..text.correct_spelling import Speller
from .canonical_terms import Lexicon
from .extract_facts import Role, extract_facts
from .extract_facts_from_dependencies import extract_facts_from_dependencies
from .join_sentences import Sentence

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


class SentenceReader(Protocol):
    def split(self, caption: str) -> list[str]:
        """A caption's sentences, such as `read` takes them."""
        ...

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        """Each distinct sentence, parsed."""
        ...


def sentence_reader(nlp: "Language") -> SentenceReader:
    """The reader for the shipped parser's own labels, or for grammatical ones."""
    if LEXICON in nlp.meta:
        return FactReader(nlp)
    return DependencyReader(nlp)


@cache
def _shipped_speller() -> Speller:
    words = shipped_words()
    return Speller(words, {word: count for word, count in words.items() if count})


class FactReader:
    """For the shipped parser: arcs are facts, words are tokens."""

    def __init__(self, nlp: "Language") -> None:
        from spacy.attrs import DEP, HEAD

        self._nlp = nlp
        self._lexicon = Lexicon.of(nlp.meta[LEXICON])
        self._speller = _shipped_speller()
        self._roles: dict[int, Role] = {}
        self._columns = [HEAD, DEP]

    def split(self, caption: str) -> list[str]:
        return [self._speller.correct(said, caption) for said in clean_caption(caption)]

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        from spacy.tokens import Doc

        texts = list(sentences)
        words = [tuple(text.split(" ")) for text in texts]
        docs = self._nlp.pipe(Doc(self._nlp.vocab, words=own) for own in words)
        return {
            text: self._sentence(own, doc)
            for text, own, doc in zip(texts, words, docs, strict=True)
        }

    def _sentence(self, words: tuple[str, ...], doc: "Doc") -> Sentence:
        offsets, labels = doc.to_array(self._columns).astype(np.int64).T.tolist()
        heads = [position + offset for position, offset in enumerate(offsets)]
        roles = [self._roles.get(label) or self._role(label) for label in labels]
        return Sentence(words, extract_facts(words, heads, roles, self._lexicon))

    def _role(self, label: int) -> Role:
        name = self._nlp.vocab.strings[label % 2**64]
        return self._roles.setdefault(label, Role.of(name))


class DependencyReader:
    """For any other pipeline: its own tokens, tags and sentences, on the text as it stands."""

    def __init__(self, nlp: "Language") -> None:
        self._nlp = nlp
        self._lexicon = Lexicon.of(shipped_lexicon())

    def split(self, caption: str) -> list[str]:
        return plain_text(caption)

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        texts = list(sentences)
        return {
            text: Sentence(
                tuple(token.lower_ for token in doc),
                extract_facts_from_dependencies(doc, self._lexicon),
            )
            for text, doc in zip(texts, self._nlp.pipe(texts), strict=True)
        }
